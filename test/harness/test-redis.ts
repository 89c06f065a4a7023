import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { GenericContainer } from "testcontainers";
import { hasCommand, installDebianPackage } from "./debian-package.ts";
import { freePort } from "./free-port.ts";
import { waitUntil } from "./wait-until.ts";

/** A Redis that tests may fill; `close` stops it if the test run started it. */
export interface TestRedis {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/**
 * Finds or starts a real Redis: a container where an image is named, else `REDIS_URL`, else `redis-server` on the PATH,
 * else a container, else Debian's package, installed now.
 * @throws {Error} where that is not possible, saying what to do
 */
export async function openTestRedis(image?: string): Promise<TestRedis> {
  if (image !== undefined) return startContainer(image);
  const given = process.env["REDIS_URL"];
  if (given !== undefined && given !== "") return { url: given, close: () => Promise.resolve() };
  if (hasCommand("redis-server") || !runsDocker()) return startRedisServer();
  return startContainer("redis:8-alpine");
}

function runsDocker(): boolean {
  return spawnSync("docker", ["info"], { stdio: "ignore" }).status === 0;
}

/**
 * Starts a Redis process of its own on a free port, without persistence; Debian's package is installed where there is
 * no redis-server.
 * @param more further arguments of redis-server, which override
 * @throws {Error} where that is not possible, saying what to do
 */
export async function startRedisServer(
  port?: number,
  more: readonly string[] = [],
): Promise<TestRedis & { readonly process: ChildProcess }> {
  if (!hasCommand("redis-server") && !installDebianPackage("redis-server", "redis-server")) {
    throw new Error(
      "The tests need a real Redis, and none of these worked: REDIS_URL, redis-server on the PATH, Docker, apt-get install redis-server (as root). Set REDIS_URL=redis://host:port or install Redis.",
    );
  }
  const chosen = port ?? (await freePort());
  const args = ["--port", String(chosen), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const server = spawn("redis-server", [...args, ...more], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  server.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await waitUntil(() => output.includes("Ready to accept connections"), "redis-server to accept connections");
  const close = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill("SIGKILL");
    await once(server, "exit");
  };
  return { url: `redis://127.0.0.1:${chosen}`, close, process: server };
}

async function startContainer(image: string): Promise<TestRedis> {
  const container = await new GenericContainer(image).withExposedPorts(6379).start();
  const url = `redis://${container.getHost()}:${container.getMappedPort(6379)}`;
  return { url, close: async () => void (await container.stop()) };
}

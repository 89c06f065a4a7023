import { Redis } from "ioredis";
import { FollowedWriter } from "../harness/followed-writer.ts";
import { startGateway, testSecret } from "../harness/gateway-process.ts";
import { documentedRules, putUser } from "../harness/redis-users.ts";
import { startRedisServer } from "../harness/test-redis.ts";
import { run } from "./command.ts";
import { blocksIn, readPage, sectionsOf } from "./document.ts";

/** A deployment with the names and the prefix that the pages use. */
export interface Stage {
  readonly redis: Redis;
  /** The gateway's address. */
  readonly url: string;
  /** What the pages' programs read from their environment. */
  readonly env: Readonly<Record<"REDIS_URL" | "SLUICE_URL" | "SLUICE_TOKEN", string>>;
  readonly close: () => Promise<void>;
}

const text = (name: string): unknown => ({ name, type: "text" });

const collections = [
  { name: "posts", listRule: "", fields: [text("id"), text("title"), { name: "published", type: "bool" }] },
  { name: "members", follow: true, listRule: "", fields: [text("id"), text("room"), text("name")] },
  { name: "audits", listRule: "@request.auth.id != ''", fields: [text("id")] },
];

/** Starts a Redis and a gateway on it; the superuser's token is signed as `docs/writers` says. */
export async function startStage(): Promise<Stage> {
  const server = await startRedisServer();
  const redis = new Redis(server.url);
  const writer = new FollowedWriter(redis, "rt:");
  await writer.collections(collections);
  await writer.seed("members", []);
  const gateway = await startGateway({ REDIS_URL: server.url });
  const [signing = ""] = blocksIn(sectionsOf(readPage("writers/README.md")).get("") ?? "", "sh");
  // what docs/redis.md gives a writer has to be enough for every client library
  await putUser(redis, "writers", documentedRules("writers"));
  const writersUrl = server.url.replace("redis://", "redis://writers:password@");
  const signed = await run(["sh", "-ec", signing], ".", { AUTH_SECRET: testSecret });
  return {
    redis,
    url: gateway.url,
    env: { REDIS_URL: writersUrl, SLUICE_URL: gateway.url, SLUICE_TOKEN: signed.output.trim() },
    close: async () => {
      await gateway.kill();
      redis.disconnect();
      await server.close();
    },
  };
}

import { randomBytes } from "node:crypto";
import { testSecret } from "../harness/gateway-process.ts";
import { takePort } from "../harness/sdk-port.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { compose, docker } from "./docker.ts";

/** The nodes' `DRAIN_SECONDS`. */
export const drainSeconds = 3;

const readyMs = 60_000;

/** What `docker compose up` starts, under a name and a port of its own. */
export class ComposeStage {
  readonly url: string;
  readonly #name = `sluice-test-${randomBytes(4).toString("hex")}`;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(port: number) {
    this.url = `http://127.0.0.1:${port}`;
    this.#env = { PORT: String(port), AUTH_SECRET: testSecret, DRAIN_SECONDS: String(drainSeconds) };
  }

  /** Builds the image, and starts everything; returns when the balancer finds a node. */
  static async up(): Promise<ComposeStage> {
    const stage = new ComposeStage(await takePort());
    try {
      await stage.compose("up", "--build", "-d");
      await waitUntil(() => isReady(stage.url), "a node to be ready behind nginx", readyMs);
      return stage;
    } catch (error) {
      await stage.down();
      throw error;
    }
  }

  compose(...args: readonly string[]): Promise<string> {
    return compose(this.#name, this.#env, ...args);
  }

  /** The ids of the nodes' containers, those that are stopped included. */
  async nodes(): Promise<readonly string[]> {
    return this.#containers("--filter", "label=com.docker.compose.service=gateway");
  }

  /** How many streams a node has. */
  async streamsOf(node: string): Promise<number> {
    const metrics = await fetchInside(node, "/metrics");
    return Number(/^sluice_streams (\d+)$/m.exec(metrics)?.[1]);
  }

  /** Stops a node as deployments do, and starts it again; returns when it is ready. */
  async restart(node: string): Promise<{ readonly exitCode: number; readonly seconds: number }> {
    const startMs = performance.now();
    await docker("stop", node);
    const seconds = (performance.now() - startMs) / 1_000;
    const exitCode = Number(await docker("inspect", "-f", "{{.State.ExitCode}}", node));
    await docker("start", node);
    const answers = (): Promise<boolean> =>
      fetchInside(node, "/readyz").then(
        (text) => text.includes("ready"),
        () => false,
      );
    await waitUntil(answers, "the node to be ready again", readyMs);
    return { exitCode, seconds };
  }

  /** @returns the ids of containers that are left */
  async down(): Promise<readonly string[]> {
    await this.compose("down", "-v");
    return this.#containers();
  }

  async #containers(...filters: readonly string[]): Promise<readonly string[]> {
    const own = `label=com.docker.compose.project=${this.#name}`;
    const ids = await docker("ps", "-aq", "--filter", own, ...filters);
    return ids.split("\n").filter((id) => id !== "");
  }
}

/** Asks a node from within its container: its port is not published. */
async function fetchInside(node: string, path: string): Promise<string> {
  const script = `fetch("http://127.0.0.1:8080${path}").then((answer) => answer.text()).then(console.log)`;
  return docker("exec", node, "node", "-e", script);
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
}

import { fileURLToPath } from "node:url";
import { type GatewayProcess, startGateway } from "../harness/gateway-process.ts";
import { takePort } from "../harness/sdk-port.ts";

const collectionsFile = fileURLToPath(new URL("collections.json", import.meta.url));

/** Settings under which lives, heartbeats and limits are reached within a short run. */
const settings = {
  COLLECTIONS_FILE: collectionsFile,
  HEARTBEAT_SECONDS: "1",
  STREAM_SECONDS: "12",
  STALL_SECONDS: "5",
  DRAIN_SECONDS: "2",
  MAX_OUTBOX_BYTES: "400000",
  LOG_LEVEL: "debug",
};

/** How nodes are started. */
export interface NodesPlan {
  readonly count: number;
  /** How many of them, the last ones, are not started yet. */
  readonly down: number;
  readonly redisUrl: string;
  /** Settings that override, by their environment names. */
  readonly env: Readonly<Record<string, string>>;
  /** Further flags of Node. */
  readonly flags: readonly string[];
}

/** The gateways of a run: each has an address of its own for the whole run, whatever happens to its processes. */
export class Nodes {
  readonly urls: readonly string[];
  readonly #plan: NodesPlan;
  readonly #processes: (GatewayProcess | undefined)[] = [];
  #outputs: string[] = [];

  private constructor(plan: NodesPlan, urls: readonly string[]) {
    this.#plan = plan;
    this.urls = urls;
  }

  static async start(plan: NodesPlan): Promise<Nodes> {
    const urls: string[] = [];
    for (let index = 0; index < plan.count; index++) urls.push(`http://127.0.0.1:${await takePort()}`);
    const nodes = new Nodes(plan, urls);
    await Promise.all(urls.slice(0, plan.count - plan.down).map((_url, index) => nodes.launch(index)));
    return nodes;
  }

  /** Starts a node that is down; one that Redis is away from tries again until it is there. */
  async launch(index: number): Promise<void> {
    const env = {
      ...settings,
      ...this.#plan.env,
      REDIS_URL: this.#plan.redisUrl,
      PORT: new URL(this.urls[index] ?? "").port,
    };
    for (let attempt = 1; ; attempt++) {
      try {
        this.#processes[index] = await startGateway(env, this.#plan.flags);
        return;
      } catch (error) {
        if (attempt === 3) throw error;
      }
    }
  }

  async kill(index: number): Promise<void> {
    await this.#processes[index]?.kill();
    this.#forget(index);
  }

  /** @returns when it has left; its exit code */
  async terminate(index: number): Promise<number | null> {
    const exitCode = (await this.#processes[index]?.stop()) ?? null;
    this.#forget(index);
    return exitCode;
  }

  signal(index: number, signal: "SIGSTOP" | "SIGCONT"): void {
    this.#processes[index]?.process.kill(signal);
  }

  /** What all processes have logged, those that are gone first. */
  output(): string {
    return [
      ...this.#outputs,
      ...this.#processes.map((node, index) => named(index, node?.output() ?? "")),
    ].join("");
  }

  async close(): Promise<void> {
    await Promise.all(this.#processes.map(async (node) => node?.kill()));
  }

  #forget(index: number): void {
    this.#outputs.push(named(index, this.#processes[index]?.output() ?? ""));
    this.#processes[index] = undefined;
  }
}

function named(index: number, output: string): string {
  return output.replaceAll(/^(?=.)/gm, `node ${index}: `);
}

import { monitorEventLoopDelay } from "node:perf_hooks";
import type { NodeReport } from "@sluice/protocol";
import manifest from "../../package.json" with { type: "json" };
import type { Levels } from "../metrics.ts";
import type { EventCounts } from "./event-watch.ts";

/** How often the event loop is looked at, in milliseconds. */
const lookMs = 20;

const startedAt = Date.now();

/** What a gauge is made with. */
export interface NodeGaugeContext {
  readonly node: string;
  readonly levels: Levels;
  readonly position: () => string;
  readonly draining: () => boolean;
}

/** Measures this process while somebody watches. */
export class NodeGauge {
  readonly #context: NodeGaugeContext;
  readonly #loop = monitorEventLoopDelay({ resolution: lookMs });
  #cpu = process.cpuUsage();
  #sinceMs = 0;
  #lagMs: number | null = null;

  constructor(context: NodeGaugeContext) {
    this.#context = context;
  }

  /** Begins to measure, or ends it. */
  switch(isOn: boolean): void {
    if (isOn) this.#loop.enable();
    else this.#loop.disable();
    this.#restart();
  }

  /** What the node is now, and was since the report before. */
  report(counts: EventCounts): NodeReport {
    const { node, levels, position, draining } = this.#context;
    const isConnected = levels.connected();
    void this.#lookForLag(isConnected);
    const { user, system } = process.cpuUsage(this.#cpu);
    const elapsedMs = performance.now() - this.#sinceMs;
    const loopLagMs = Math.max(0, this.#loop.max / 1e6 - lookMs);
    this.#restart();
    return {
      kind: "node",
      node,
      version: manifest.version,
      at: Date.now(),
      startedAt,
      state: draining() ? "draining" : isConnected ? "ready" : "degraded",
      streams: levels.streams(),
      maxStreams: levels.maxStreams,
      subscriptions: levels.subscriptions(),
      audiences: levels.audiences(),
      outboxBytes: levels.waitingBytes(),
      loopLagMs: rounded(loopLagMs),
      cpu: rounded((user + system) / 1_000 / elapsedMs),
      memoryBytes: process.memoryUsage.rss(),
      position: position(),
      lagMs: this.#lagMs,
      ...counts,
    };
  }

  #restart(): void {
    this.#loop.reset();
    this.#cpu = process.cpuUsage();
    this.#sinceMs = performance.now();
  }

  /** For the next report: this one does not wait for Redis. */
  async #lookForLag(isConnected: boolean): Promise<void> {
    const lagMs = isConnected ? await this.#context.levels.lagMs() : Number.NaN;
    this.#lagMs = Number.isFinite(lagMs) ? lagMs : null;
  }
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

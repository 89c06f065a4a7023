import type { Backplane } from "@sluice/backplane";
import type { Hub } from "@sluice/hub";
import { type ConsoleReport, isJsonObject } from "@sluice/protocol";
import type { EventWatch } from "./event-watch.ts";
import type { NodeGauge } from "./node-gauge.ts";

/** How often events are told, and how many times as seldom the node. */
const tickMs = 250;
const ticksPerReport = 4;

/** What a reporter works with. */
export interface ReporterContext {
  readonly backplane: Backplane;
  readonly hub: Hub;
  readonly watch: EventWatch;
  readonly gauge: NodeGauge;
}

/**
 * Tells the superusers who watch, of this node and of others, what this node is and what becomes of its events. While
 * nobody does, it asks so once a second and does nothing else.
 */
export class Reporter {
  readonly #context: ReporterContext;
  #timer: NodeJS.Timeout | undefined;
  #ticks = 0;
  #isListening = false;
  #doOthersListen = false;

  constructor(context: ReporterContext) {
    this.#context = context;
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Takes what a node has told all who listen. */
  take(text: string): void {
    const report = parseReport(text);
    // its own was told to who watches here when it was made
    if (report === undefined || report.node === this.#context.backplane.nodeId) return;
    this.#tellHere(report, report.line);
  }

  #tick(): void {
    const { backplane, hub, watch, gauge } = this.#context;
    const isWatchedHere = hub.watcherCount > 0;
    if (isWatchedHere !== this.#isListening) {
      this.#isListening = isWatchedHere;
      // without Redis it is done when Redis is back
      backplane.listenToStats(isWatchedHere).catch(() => undefined);
    }
    const isOn = isWatchedHere || this.#doOthersListen;
    if (isOn !== watch.isOn) {
      watch.switch(isOn);
      gauge.switch(isOn);
    }
    const node = backplane.nodeId;
    const events = watch.takeEvents();
    if (events.length > 0) this.#tell({ kind: "events", node, events });
    this.#ticks += 1;
    if (this.#ticks % ticksPerReport > 0) return;
    if (isOn) this.#tell(gauge.report(watch.takeCounts()));
    if (!this.#doOthersListen) void this.#publish("");
  }

  #tell(report: ConsoleReport): void {
    const text = JSON.stringify(report);
    this.#tellHere(report, text);
    if (this.#doOthersListen) void this.#publish(text);
  }

  /** A watcher that is slow needs only the newest of what a node says of itself. */
  #tellHere({ kind, node }: Pick<ConsoleReport, "kind" | "node">, text: string): void {
    this.#context.hub.tellWatchers(text, kind === "node" ? `@stats\n${node}` : undefined);
  }

  async #publish(text: string): Promise<void> {
    const listeners = await this.#context.backplane.publishStats(text).catch(() => 0);
    this.#doOthersListen = listeners > Number(this.#isListening);
  }
}

/** What another node has written, and that as one line; nothing where it is something else. */
function parseReport(
  text: string,
): (Pick<ConsoleReport, "kind" | "node"> & { readonly line: string }) | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isJsonObject(value)) return undefined;
    const { kind, node } = value;
    const isReport = (kind === "node" || kind === "events") && typeof node === "string";
    // written anew: a line break would break the frame
    return isReport ? { kind, node, line: JSON.stringify(value) } : undefined;
  } catch {
    // no JSON, or nested too deep to be written
    return undefined;
  }
}

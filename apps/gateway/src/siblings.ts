import { AggregatorRegistry, type Registry } from "prom-client";
import { UnavailableError } from "./unavailable-error.ts";
import type { PrimaryMessage, WorkerMessage } from "./worker-message.ts";

/** The other workers on this one's port, as far as one must speak for all. */
export class Siblings {
  /** Counts from 1; a worker that is started again has the number of the one before. */
  readonly number: number;
  readonly #waiting = new Map<number, (text: string | undefined) => void>();
  #lastRequest = 0;
  #areUp = false;

  constructor(number: number) {
    this.number = number;
    process.on("message", (message: PrimaryMessage) => this.#receive(message));
    // answers from now on: who asks for the metrics of all waits for each
    // oxlint-disable-next-line no-new
    new AggregatorRegistry();
  }

  /** Whether all have started. */
  get areUp(): boolean {
    return this.#areUp;
  }

  /** Has this worker's metrics count among those of all, under its number. */
  share(registry: Registry): void {
    registry.setDefaultLabels({ worker: String(this.number) });
    AggregatorRegistry.setRegistries(registry);
  }

  /**
   * The metrics of all workers.
   * @throws {UnavailableError} where one does not answer within 5 s
   */
  async readMetrics(): Promise<string> {
    this.#lastRequest += 1;
    const request = this.#lastRequest;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.#waiting.set(request, resolve);
    void tellPrimary({ type: "metrics", request });
    const text = await promise;
    if (text === undefined) throw new UnavailableError("A worker does not answer.");
    return text;
  }

  #receive(message: PrimaryMessage): void {
    if (message.type === "up") this.#areUp = true;
    if (message.type !== "metrics") return;
    this.#waiting.get(message.request)?.(message.text);
    this.#waiting.delete(message.request);
  }
}

/** Tells the process that started this one; returns when it is on its way. */
export function tellPrimary(message: WorkerMessage): Promise<void> {
  return new Promise((resolve) => process.send?.(message, () => resolve()));
}

import cluster, { type Worker } from "node:cluster";
import type { Logger } from "pino";
import { AggregatorRegistry } from "prom-client";
import { StartError } from "./start-error.ts";
import type { PrimaryMessage, WorkerMessage } from "./worker-message.ts";

/** A worker that ended is started again after the shorter time, and after twice as long each time it ends soon again. */
const minPauseMs = 100;
const maxPauseMs = 10_000;
const soonMs = 60_000;

/** What workers are run with. */
export interface WorkersContext {
  readonly count: number;
  readonly log: Logger;
}

/**
 * Gateways on one port, each in a process of its own and a node of its own. This process hands them the connections in
 * turn, starts them again when they end, and passes signals on.
 */
export class Workers {
  readonly #context: WorkersContext;
  readonly #metrics = new AggregatorRegistry();
  readonly #running = new Map<number, Worker>();
  readonly #isOver = Promise.withResolvers<void>();
  /** Those that have listened once. */
  readonly #started = new Set<number>();
  #isLeaving = false;

  constructor(context: WorkersContext) {
    this.#context = context;
  }

  /**
   * Starts all; returns when all have left after a signal.
   * @throws {StartError} where one of them cannot start
   */
  async run(): Promise<void> {
    for (let number = 1; number <= this.#context.count; number++) this.#start(number, minPauseMs);
    for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => this.#leave(signal));
    await this.#isOver.promise;
  }

  get #areUp(): boolean {
    return this.#started.size === this.#context.count;
  }

  /** @param pauseMs how long to wait before it is started again, if it ends soon */
  #start(number: number, pauseMs: number): void {
    if (this.#isLeaving) return;
    const startMs = performance.now();
    const worker = cluster.fork({ WORKER: String(number) });
    this.#running.set(number, worker);
    worker.on("listening", ({ port }) => this.#noticeStart(number, port));
    worker.on("message", (message: WorkerMessage) => this.#receive(number, message));
    const end = (how: string): void => {
      this.#running.delete(number);
      const isSoon = performance.now() - startMs < soonMs;
      this.#noticeEnd(number, { how, pauseMs: isSoon ? pauseMs : minPauseMs });
    };
    worker.on("exit", (code, signal) => end(signal ?? `exit code ${code}`));
    worker.on("error", (error) => {
      // what could not be sent to one that ends is nothing; one that was never there does not exit
      if (worker.process.pid === undefined) end(error.message);
    });
  }

  #noticeStart(number: number, port: number): void {
    const wereUp = this.#areUp;
    this.#started.add(number);
    if (!this.#areUp) return;
    if (wereUp) return this.#tell(number, { type: "up" });
    this.#context.log.info({ port, backplane: "redis", workers: this.#context.count }, "gateway started");
    for (const started of this.#started) this.#tell(started, { type: "up" });
  }

  #noticeEnd(number: number, { how, pauseMs }: { how: string; pauseMs: number }): void {
    if (this.#isLeaving) {
      if (this.#running.size === 0) this.#isOver.resolve();
      return;
    }
    if (!this.#areUp) return this.#fail([`WORKERS: worker ${number} ended at its start: ${how}`]);
    this.#context.log.error({ worker: number, how, pauseMs }, "a worker has ended: it is started again");
    setTimeout(() => this.#start(number, Math.min(maxPauseMs, 2 * pauseMs)), pauseMs);
  }

  #receive(number: number, message: WorkerMessage): void {
    if (message.type === "metrics") void this.#tellMetrics(number, message.request);
    else if (message.type === "cannot-start") this.#noticeProblems(number, message.problems);
  }

  #noticeProblems(worker: number, problems: readonly string[]): void {
    if (!this.#areUp) return this.#fail(problems);
    this.#context.log.error({ worker, problems }, "a worker cannot start");
  }

  /** The others end with this process. */
  #fail(problems: readonly string[]): void {
    this.#isOver.reject(new StartError(problems));
  }

  async #tellMetrics(number: number, request: number): Promise<void> {
    const text = await this.#metrics.clusterMetrics().catch((err: unknown) => {
      this.#context.log.error({ err }, "the workers' metrics could not be read");
      return undefined;
    });
    this.#tell(number, { type: "metrics", request, text });
  }

  #tell(number: number, message: PrimaryMessage): void {
    const worker = this.#running.get(number);
    if (worker?.isConnected() === true) worker.send(message);
  }

  #leave(signal: string): void {
    const workers = [...this.#running.values()];
    if (this.#isLeaving) {
      for (const worker of workers) worker.process.kill("SIGKILL");
      process.exit(1);
    }
    this.#isLeaving = true;
    this.#context.log.info(`${signal}: draining`);
    for (const worker of workers) worker.process.kill("SIGTERM");
    if (workers.length === 0) this.#isOver.resolve();
  }
}

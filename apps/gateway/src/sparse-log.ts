import type { Logger } from "pino";

/** What a sparse log is made with. */
export interface SparseLogContext {
  readonly log: Logger;
  readonly nowMs: () => number;
  /** Least time between two lines of one kind. */
  readonly intervalMs: number;
}

/** Logs facts that may come in floods: of each kind the first at once, then one line an interval, with their number. */
export class SparseLog {
  readonly #context: SparseLogContext;
  readonly #kinds = new Map<string, { lastMs: number; count: number }>();

  constructor(context: SparseLogContext) {
    this.#context = context;
  }

  /** @param kind one of few: each is kept for good */
  warn(kind: string, fact: Readonly<Record<string, unknown>>, message: string): void {
    const { log, intervalMs } = this.#context;
    const nowMs = this.#context.nowMs();
    const { lastMs, count } = this.#kinds.get(kind) ?? { lastMs: Number.NEGATIVE_INFINITY, count: 0 };
    const isDue = nowMs - lastMs >= intervalMs;
    if (isDue) log.warn({ ...fact, count: count + 1 }, message);
    this.#kinds.set(kind, isDue ? { lastMs: nowMs, count: 0 } : { lastMs, count: count + 1 });
  }
}

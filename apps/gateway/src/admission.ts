import { UnavailableError } from "./unavailable-error.ts";

/** A task that takes longer than this shows that the event loop or Redis is behind. */
const slowMs = 100;

const minAtOnce = 4;
const maxAtOnce = 256;

/** What an admission is made with. */
export interface AdmissionContext {
  /** A steady clock, in milliseconds. */
  readonly nowMs: () => number;
  /** How long somebody waits for a turn before being sent away. */
  readonly maxWaitMs: number;
}

interface Waiting {
  readonly sinceMs: number;
  readonly enter: (isTurn: boolean) => void;
}

/**
 * Lets streams in no faster than the node can take them in, in the order in which they came. How many at once follows
 * how long each takes: event loop and Redis both show in it.
 */
export class Admission {
  readonly #context: AdmissionContext;
  #waiting: Waiting[] = [];
  #underWay = 0;
  #atOnce = 32;

  constructor(context: AdmissionContext) {
    this.#context = context;
  }

  /** Who waits, or is being let in. */
  get size(): number {
    return this.#waiting.length + this.#underWay;
  }

  /**
   * Runs a task when its turn comes.
   * @throws {UnavailableError} where it does not come in time; and whatever the task throws
   */
  async run<T>(task: () => Promise<T>): Promise<T> {
    const { nowMs } = this.#context;
    if (this.#underWay >= this.#atOnce) await this.#turn();
    else this.#underWay += 1;
    const startMs = nowMs();
    try {
      return await task();
    } finally {
      this.#underWay -= 1;
      const isSlow = nowMs() - startMs > slowMs;
      this.#atOnce = isSlow ? Math.max(minAtOnce, this.#atOnce / 2) : Math.min(maxAtOnce, this.#atOnce + 1);
      this.#admit();
    }
  }

  async #turn(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#waiting.push({ sinceMs: this.#context.nowMs(), enter: resolve });
    if (!(await promise)) throw new UnavailableError("Too many realtime streams at once.");
  }

  /** Lets in who is next; who has waited too long leaves, so that nobody waits for a turn that comes too late. */
  #admit(): void {
    const dueMs = this.#context.nowMs() - this.#context.maxWaitMs;
    let next = 0;
    for (const { sinceMs, enter } of this.#waiting) {
      const isLate = sinceMs < dueMs;
      if (!isLate && this.#underWay >= this.#atOnce) break;
      if (!isLate) this.#underWay += 1;
      enter(!isLate);
      next += 1;
    }
    if (next > 0) this.#waiting = this.#waiting.slice(next);
  }
}

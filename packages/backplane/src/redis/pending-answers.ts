/** A question that waits for its answers. */
interface OpenQuestion {
  readonly request: number;
  readonly close: () => void;
}

/** The questions that this node has asked other nodes and that wait for an answer. */
export class PendingAnswers {
  readonly #waiting = new Map<number, (outcome: string) => void>();
  #lastRequest = 0;

  /** Opens a question that one node answers; whoever opens it must close it. */
  open(): OpenQuestion & { readonly answer: Promise<string> } {
    const { promise, resolve } = Promise.withResolvers<string>();
    return { ...this.openToAll(resolve), answer: promise };
  }

  /** Opens a question that several nodes answer; whoever opens it must close it. */
  openToAll(take: (answer: string) => void): OpenQuestion {
    this.#lastRequest += 1;
    const request = this.#lastRequest;
    this.#waiting.set(request, take);
    return { request, close: () => this.#waiting.delete(request) };
  }

  /** Hands in an answer; one that nobody waits for any more is dropped. */
  settle(request: number, outcome: string): void {
    this.#waiting.get(request)?.(outcome);
  }
}

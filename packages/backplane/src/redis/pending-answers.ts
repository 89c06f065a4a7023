/** The questions that this node has asked other nodes and that wait for an answer. */
export class PendingAnswers {
  readonly #waiting = new Map<number, (outcome: string) => void>();
  #lastRequest = 0;

  /** Opens a question; whoever opens it must close it. */
  open(): { readonly request: number; readonly answer: Promise<string>; readonly close: () => void } {
    this.#lastRequest += 1;
    const request = this.#lastRequest;
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#waiting.set(request, resolve);
    return { request, answer: promise, close: () => this.#waiting.delete(request) };
  }

  /** Hands in an answer; one that nobody waits for any more is dropped. */
  settle(request: number, outcome: string): void {
    this.#waiting.get(request)?.(outcome);
  }
}

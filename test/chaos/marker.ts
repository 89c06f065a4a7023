import type { Mark } from "./mark.ts";

type Bare<T> = T extends Mark ? Omit<T, "atMs"> : never;

/** Notes the marks of one client, with their times. */
export class Marker {
  readonly #note: (mark: Mark) => void;
  #lastMs = Date.now();

  constructor(note: (mark: Mark) => void) {
    this.#note = note;
  }

  /** When the last one was. */
  get lastMs(): number {
    return this.#lastMs;
  }

  add(mark: Bare<Mark>): void {
    this.#lastMs = Date.now();
    this.#note({ ...mark, atMs: this.#lastMs });
  }

  /** Notes what the server says of a stream under a name that begins with `@`; other such names are not for clients. */
  addWord(name: string, data: string): void {
    if (name !== "@resume" && name !== "@conflated") return;
    const word: unknown = JSON.parse(data);
    if (typeof word !== "object" || word === null) throw new TypeError(`expected an object, got ${data}`);
    if (name === "@conflated") this.add({ type: "conflated", skipped: countIn(word, "skipped") });
    else {
      const resumed = "resumed" in word && word.resumed === true;
      this.add({ type: "resume", resumed, replayed: countIn(word, "replayed") });
    }
  }
}

function countIn(word: object, name: string): number {
  return Number(Object.entries(word).find(([key]) => key === name)?.[1] ?? 0);
}

import type { RecordRow } from "@sluice/rules";
import { asKey } from "./text-map.ts";

/** What one column says in the rows that an index finds by a text: a text for each row, empty where it is none. */
export class ColumnTexts {
  readonly #column: string;
  /** No `TextMap`: the text of each event is a new string, which that would look up among all keys of the process first. */
  readonly #texts = new Map<string, string[]>();

  constructor(column: string) {
    this.#column = column;
  }

  /** Nothing where they were not asked for yet. */
  of(value: string): readonly string[] | undefined {
    return this.#texts.get(value);
  }

  /** Keeps them from now on. */
  keep(value: string, rows: Iterable<RecordRow>): readonly string[] {
    const texts = Array.from(rows, this.#textIn);
    this.#texts.set(value, texts);
    return texts;
  }

  add(value: string, row: RecordRow): void {
    this.#texts.get(value)?.push(this.#textIn(row));
  }

  remove(value: string, row: RecordRow): void {
    const texts = this.#texts.get(value);
    const last = texts?.pop();
    if (texts === undefined || last === undefined) return;
    const text = this.#textIn(row);
    if (text !== last) texts[texts.indexOf(text)] = last;
    if (texts.length === 0) this.#texts.delete(value);
  }

  /** Keeps them no longer. */
  forget(value: string): void {
    this.#texts.delete(value);
  }

  readonly #textIn = (row: RecordRow): string => {
    const text = row[this.#column];
    return typeof text === "string" ? asKey(text) : "";
  };
}

import { type AuthRecord, type Collection, encodeJson, type JsonObject } from "@sluice/protocol";
import type { RecordRow } from "@sluice/rules";
import type { ExpandView } from "./expansion.ts";
import { encodeExport, exportRecord, type View, viewOf } from "./view.ts";

/** What stands under one `expand` key, by step: a row, or a list of rows that is not empty. */
type RowsByStep = ReadonlyMap<string, ExpandedRow | readonly ExpandedRow[]>;

/** Makes what stands inside an event, once for all subscribers who see the same. */
export class ExpandedRows {
  readonly #rows = new Map<string, ExpandedRow>();
  readonly #expands = new Map<string, Expanded>();

  /** A row in one view, and what is expanded in it. */
  row(parts: RowParts): ExpandedRow {
    const { collection, row, view, expand } = parts;
    const key = `${collection.id}\n${String(row["id"])}\n${view}\n${expand?.number ?? ""}`;
    const known = this.#rows.get(key) ?? new ExpandedRow(this.#rows.size, parts);
    this.#rows.set(key, known);
    return known;
  }

  expand(rows: RowsByStep): Expanded {
    const key = [...rows].map(([name, found]) => `${name}=${listOf(found).map(numberOf).join()}`).join("\n");
    const known = this.#expands.get(key) ?? new Expanded(this.#expands.size, rows);
    this.#expands.set(key, known);
    return known;
  }
}

/** The value of one `expand` key. */
export class Expanded implements ExpandView {
  /** Tells it from others of its event and string. */
  readonly number: number;
  /** About how long its text is. */
  readonly charCount: number;
  readonly #rows: RowsByStep;
  #text: string | undefined;

  constructor(number: number, rows: RowsByStep) {
    this.number = number;
    this.#rows = rows;
    this.charCount = [...rows.values()].flatMap(listOf).reduce((sum, { charCount }) => sum + charCount, 2);
  }

  /**
   * Its JSON, on one line.
   * @param owner who reads it, where it is one of the auth records in it: its own e-mail address is shown
   */
  encode(owner?: AuthRecord): string {
    if (owner !== undefined) return this.#write(owner);
    return (this.#text ??= this.#write(undefined));
  }

  /** The same as an object. */
  toJson(owner?: AuthRecord): JsonObject {
    const entries = [...this.#rows].map(([name, found]): [string, unknown] => [
      name,
      found instanceof ExpandedRow ? found.toJson(owner) : found.map((row) => row.toJson(owner)),
    ]);
    return Object.fromEntries(entries);
  }

  #write(owner: AuthRecord | undefined): string {
    const names = [...this.#rows.keys()].toSorted();
    const members = names.map(
      (name) => `${encodeJson(name)}:${encodeRows(this.#rows.get(name) ?? [], owner)}`,
    );
    return `{${members.join(",")}}`;
  }
}

function encodeRows(found: ExpandedRow | readonly ExpandedRow[], owner: AuthRecord | undefined): string {
  if (found instanceof ExpandedRow) return found.encode(owner);
  return `[${found.map((row) => row.encode(owner)).join(",")}]`;
}

interface RowParts {
  readonly collection: Collection;
  readonly row: RecordRow;
  readonly view: View;
  /** Nothing where the path ends at the row. */
  readonly expand: Expanded | undefined;
}

/** A row that stands inside an event, as some subscribers see it. */
export class ExpandedRow {
  readonly number: number;
  readonly charCount: number;
  readonly #parts: RowParts;
  readonly #exported: JsonObject;
  #text: string | undefined;

  constructor(number: number, parts: RowParts) {
    const { collection, row, view, expand } = parts;
    this.number = number;
    this.#parts = parts;
    this.#exported = exportRecord(collection, row, view);
    const text = encodeExport(this.#exported);
    if (expand === undefined) this.#text = text;
    this.charCount = text.length + (expand?.charCount ?? 0);
  }

  encode(owner: AuthRecord | undefined): string {
    const { expand } = this.#parts;
    if (owner !== undefined) return encodeExport(this.#exportFor(owner), expand?.encode(owner));
    return (this.#text ??= encodeExport(this.#exported, expand?.encode()));
  }

  toJson(owner: AuthRecord | undefined): JsonObject {
    const { expand } = this.#parts;
    const exported = this.#exportFor(owner);
    return expand === undefined ? exported : { ...exported, expand: expand.toJson(owner) };
  }

  #exportFor(owner: AuthRecord | undefined): JsonObject {
    const { collection, row, view } = this.#parts;
    if (owner === undefined || view !== "public") return this.#exported;
    const ownView = viewOf(collection, row, owner);
    return ownView === view ? this.#exported : exportRecord(collection, row, ownView);
  }
}

function listOf(found: ExpandedRow | readonly ExpandedRow[]): readonly ExpandedRow[] {
  return found instanceof ExpandedRow ? [found] : found;
}

function numberOf({ number }: ExpandedRow): number {
  return number;
}

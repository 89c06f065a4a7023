import type { Records } from "./records.ts";
import { emptyRow, type RequestValues, type Subject } from "./row.ts";
import { isOnlyOf, type Side } from "./side.ts";
import { lowerAscii, type SqlValue, toText } from "./sql-value.ts";
import { type ComparisonTerm, type Term, verdictOf } from "./term.ts";
import { evaluate } from "./work.ts";

/** The values of a record by which one look-up finds who may pass. */
export interface Pin {
  /** Which look-up of the rule. */
  readonly slot: number;
  readonly keys: readonly string[];
  /** Whether it finds shorter keys that stand inside these, too. */
  readonly findsParts: boolean;
  /** Whether somebody who has one of the keys is known to pass: there is no need to ask then. */
  readonly isSure: (request: RequestValues) => boolean;
}

/** One look-up of a rule: a value of who asks, pinned to a value of the record by `=` or `~`. */
export class PinSlot {
  readonly name: string;
  readonly #side: Side;
  readonly #isPart: boolean;

  constructor(name: string, side: Side, isPart: boolean) {
    this.name = name;
    this.#side = side;
    this.#isPart = isPart;
  }

  /** By which keys somebody is found; nothing where some value of theirs has none. */
  keysOf(request: RequestValues, records?: Records): readonly string[] | undefined {
    const row = { ...emptyRow, request, records };
    const { get, values, isMissing } = this.#side;
    if (isMissing?.(row) === true) return undefined;
    const keys = evaluate(() => (values?.(row) ?? [get(row)]).map(this.#isPart ? partKey : equalKey));
    return keys === "failed" || keys.includes(undefined) ? undefined : keys.flatMap((key) => key ?? []);
  }
}

/** A text by itself, and everything that is empty as one; a number may equal several texts and has no key. */
function equalKey(value: SqlValue): string | undefined {
  if (typeof value === "number") return undefined;
  return value ?? "";
}

/** Whatever looks like an id stands in a text as a whole word; in any case, as LIKE has it. */
function partKey(value: SqlValue): string | undefined {
  return typeof value === "string" && /^[A-Za-z0-9-]{8,}$/.test(value) ? lowerAscii(value) : undefined;
}

/** The look-ups of a rule, one for each value of who asks and way to compare. */
export function pinSlots(comparisons: readonly ComparisonTerm[]): readonly PinSlot[] {
  const slots = new Map<string, PinSlot>();
  for (const term of comparisons) {
    const pinned = pinnedSides(term);
    if (pinned === undefined || slots.has(pinned.name)) continue;
    slots.set(pinned.name, new PinSlot(pinned.name, pinned.auth, pinned.isPart));
  }
  return [...slots.values()];
}

/** A comparison of who asks and what the record says, or the rows that it joins. */
export interface PinnedSides {
  readonly name: string;
  readonly auth: Side;
  readonly record: Side;
  readonly isPart: boolean;
}

/** The sides of a comparison that pins somebody; nothing where it does not. */
export function pinnedSides({ syntax, left, right }: ComparisonTerm): PinnedSides | undefined {
  const isPart = syntax.operator === "~";
  if (syntax.operator !== "=" && !isPart) return undefined;
  const isSwapped = isOnlyOf(left, "auth") && !isPart;
  const [auth, record] = isSwapped ? [left, right] : [right, left];
  const operand = isSwapped ? syntax.left : syntax.right;
  if (!isOnlyOf(auth, "auth") || !isOnlyOf(record, "record", "related") || operand.kind !== "identifier")
    return undefined;
  return { name: `${syntax.operator} ${operand.name}`, auth, record, isPart };
}

/**
 * The look-ups that find all for whom a term may be true. Since there is no NOT, a term is true only if one of `||`
 * is, or all of `&&` are: one look-up of `&&` is enough.
 */
export function pinsOf(term: Term, subject: Subject, slots: readonly PinSlot[]): "everyone" | readonly Pin[] {
  switch (term.kind) {
    case "||": {
      const found: Pin[] = [];
      for (const alternative of term.terms) {
        const pins = pinsOf(alternative, subject, slots);
        if (pins === "everyone") return "everyone";
        found.push(...pins);
      }
      return found;
    }
    case "&&":
      return term.terms
        .map((part) => pinsOf(part, subject, slots))
        .reduce((least, pins) => (isFewer(pins, least) ? pins : least));
    case "comparison":
      return comparisonPins(term, subject, slots);
  }
}

/** Whether look-ups are fewer than others. */
export function isFewer(pins: "everyone" | readonly Pin[], than: "everyone" | readonly Pin[]): boolean {
  return pins !== "everyone" && (than === "everyone" || keyCount(pins) < keyCount(than));
}

function keyCount(pins: readonly Pin[]): number {
  return pins.reduce((count, { keys }) => count + keys.length, 0);
}

function comparisonPins(
  term: ComparisonTerm,
  subject: Subject,
  slots: readonly PinSlot[],
): "everyone" | readonly Pin[] {
  const pinned = pinnedSides(term);
  if (pinned !== undefined) return pinOf(pinned, subject, slots);
  const readsMore = [term.left, term.right].some(
    ({ sources, values, nodes }) => sources.includes("auth") || values !== undefined || nodes !== undefined,
  );
  if (readsMore) return "everyone";
  const verdict = verdictOf(term, subject);
  return verdict === true || verdict === "failed" ? "everyone" : [];
}

function pinOf(
  { name, record, isPart }: PinnedSides,
  subject: Subject,
  slots: readonly PinSlot[],
): "everyone" | readonly Pin[] {
  const keys = evaluate(() => reachOf(record, subject)?.map((value) => keysOfValue(value, record, isPart)));
  if (keys === undefined || keys === "failed" || keys.includes(undefined)) return "everyone";
  const slot = slots.findIndex((candidate) => candidate.name === name);
  return [{ slot, keys: keys.flatMap((some) => some ?? []), findsParts: isPart, isSure: () => false }];
}

/** All values that a side may have; nothing where they are not all known. */
function reachOf({ nodes, reach, get }: Side, subject: Subject): readonly SqlValue[] | undefined {
  return nodes === undefined ? [get(subject)] : reach?.(subject);
}

/** The keys by which a value of a record finds somebody; nothing where anybody may be meant. */
export function keysOfValue(value: SqlValue, record: Side, isPart: boolean): readonly string[] | undefined {
  if (isPart) return wordsOf(value, record);
  const key = equalKey(value);
  return key === undefined ? undefined : [key];
}

/** Whether a comparison is true wherever the keys of its sides are equal. */
export function isToldByKey({ syntax, left, right }: ComparisonTerm): boolean {
  return (
    syntax.operator === "=" &&
    [left, right].every(
      ({ isJson, values, guard }) => !isJson && guard === undefined && (syntax.isAny || values === undefined),
    )
  );
}

function wordsOf(value: SqlValue, { isReal }: Side): readonly string[] {
  const text = toText(value, isReal);
  return text === null ? [] : (lowerAscii(text).match(/[a-z0-9-]{8,}/g) ?? []);
}

import { type Alternative, alternativesOf } from "./alternatives.ts";
import { CoveredColumn, type FoundKeys } from "./covered-column.ts";
import { type JoinNode, withParents } from "./join-node.ts";
import { JoinPlan, openRow } from "./join-plan.ts";
import {
  isFewer,
  isToldByKey,
  keysOfValue,
  type Pin,
  pinnedSides,
  type PinnedSides,
  type PinSlot,
  pinsOf,
} from "./pin.ts";
import type { RequestValues, Subject } from "./row.ts";
import { readsAuth } from "./side.ts";
import { type ComparisonTerm, type Term, verdictOf } from "./term.ts";
import { evaluate } from "./work.ts";

/** Finds for whom a rule over joined rows may be true: those to whom the rows that a record joins pin it. */
export class JoinedPins {
  readonly #alternatives: readonly AlternativePins[];

  constructor(term: Term, slots: readonly PinSlot[]) {
    this.#alternatives = alternativesOf(term).map((alternative) => new AlternativePins(alternative, slots));
  }

  pinsOf(subject: Subject): "everyone" | readonly Pin[] {
    const found: Pin[] = [];
    for (const alternative of this.#alternatives) {
      const pins = alternative.pinsOf(subject);
      if (pins === "everyone") return "everyone";
      found.push(...pins);
    }
    return found;
  }
}

/** A comparison that pins somebody to a joined row, and the rows that may be joined for a record, whoever asks. */
interface JoinedPin {
  readonly pinned: PinnedSides;
  readonly plan: JoinPlan;
  /** The same rows, where they need not be looked at. */
  readonly covered: CoveredColumn | undefined;
  /** Whether nothing is left to ask of who has the key of a row that the plan finds, save by what joins nothing. */
  readonly isTold: boolean;
}

class AlternativePins {
  readonly #slots: readonly PinSlot[];
  /** What joins nothing, or cannot be told apart. */
  readonly #plain: readonly Term[];
  readonly #joined: readonly JoinedPin[];
  /** What the record alone says of its joined rows. */
  readonly #recordPlan: JoinPlan;

  constructor(alternative: Alternative, slots: readonly PinSlot[]) {
    const joins = alternative.filter(isJoin);
    const ofRecord = joins.filter(({ left, right }) => !readsAuth(left) && !readsAuth(right));
    this.#slots = slots;
    this.#plain = alternative.filter((term) => !isJoin(term));
    this.#recordPlan = new JoinPlan(ofRecord);
    this.#joined = joins.flatMap((term) => {
      const pinned = pinnedSides(term);
      if (pinned === undefined) return [];
      const { plan, covered, taken } = planFor(pinned, ofRecord);
      const isWhole = taken.length + 1 === alternative.filter(({ nodes }) => nodes.length > 0).length;
      return { pinned, plan, covered, isTold: isWhole && isToldByKey(term) };
    });
  }

  pinsOf(subject: Subject): "everyone" | readonly Pin[] {
    let least: "everyone" | readonly Pin[] = "everyone";
    for (const term of this.#plain) {
      const pins = pinsOf(term, subject, this.#slots);
      if (isFewer(pins, least)) least = pins;
    }
    if (least !== "everyone") return least;
    for (const joined of this.#joined) {
      const pins = this.#joinedPins(joined, subject);
      if (isFewer(pins, least)) least = pins;
    }
    if (least !== "everyone" || this.#joined.length > 0) return least;
    return mayPass(this.#recordPlan, subject) ? "everyone" : [];
  }

  #joinedPins(joined: JoinedPin, subject: Subject): "everyone" | readonly Pin[] {
    const { name, isPart } = joined.pinned;
    const found = findKeys(joined, subject);
    if (found === undefined) return "everyone";
    const { keys, isOpen } = found;
    const slot = this.#slots.findIndex((candidate) => candidate.name === name);
    const isTold = joined.isTold && !isOpen;
    const passesPlain = (request: RequestValues): boolean =>
      this.#plain.every((term) => verdictOf(term, { ...subject, request }) === true);
    const isSure = isTold && this.#plain.length > 0 ? passesPlain : () => isTold;
    return [{ slot, keys, findsParts: isPart, isSure }];
  }
}

function isJoin(term: Term): term is ComparisonTerm {
  return term.kind === "comparison" && term.nodes.length > 0;
}

/** @returns nothing where it may be any key */
function findKeys({ pinned, plan, covered }: JoinedPin, subject: Subject): FoundKeys | undefined {
  const found = evaluate(() => covered?.find(subject) ?? searchKeys(pinned, plan, subject), Infinity);
  return found === "failed" ? undefined : found;
}

function searchKeys(
  { record, isPart }: PinnedSides,
  plan: JoinPlan,
  subject: Subject,
): FoundKeys | undefined {
  const keys = new Set<string>();
  let isAnybody = false;
  let isSomeOpen = false;
  plan.search(openRow(subject), (row, isOpen) => {
    // nobody passes by what is not at hand
    if (record.isMissing?.(row) === true) return false;
    const found = keysOfValue(record.get(row), record, isPart);
    for (const key of found ?? []) keys.add(key);
    isAnybody ||= found === undefined;
    isSomeOpen ||= isOpen;
    return isAnybody;
  });
  return isAnybody ? undefined : { keys: [...keys], isOpen: isSomeOpen };
}

/** The rows that a pinned value stands in, and those by which they are looked up. */
function planFor(
  { record, isPart }: PinnedSides,
  ofRecord: readonly Term[],
): Pick<JoinedPin, "plan" | "covered"> & { readonly taken: readonly Term[] } {
  const nodes = new Set<JoinNode>(withParents(record.nodes ?? []));
  const left = new Set(ofRecord);
  const taken: Term[] = [];
  for (let size = -1; size !== taken.length;) {
    size = taken.length;
    for (const term of left) {
      const own = term.nodes;
      if (!own.some((node) => nodes.has(node))) continue;
      left.delete(term);
      taken.push(term);
      for (const node of own) nodes.add(node);
    }
  }
  const covered = isPart ? undefined : CoveredColumn.of(record, taken, [...nodes]);
  return { plan: new JoinPlan(taken, [...nodes]), covered, taken };
}

function mayPass(plan: JoinPlan, subject: Subject): boolean {
  const verdict = evaluate(() => plan.passes(openRow(subject)));
  return verdict === true || verdict === "failed";
}

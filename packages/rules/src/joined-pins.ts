import { type Alternative, alternativesOf } from "./alternatives.ts";
import { EvaluationError } from "./evaluation-error.ts";
import { type JoinNode, withParents } from "./join-node.ts";
import { JoinPlan, openRow } from "./join-plan.ts";
import {
  isFewer,
  keysOfValue,
  type Pin,
  pinnedSides,
  type PinnedSides,
  type PinSlot,
  pinsOf,
} from "./pin.ts";
import type { Subject } from "./row.ts";
import { comparisonsOf, type Term } from "./term.ts";
import { beginWork } from "./work.ts";

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
}

class AlternativePins {
  readonly #slots: readonly PinSlot[];
  /** What joins nothing, or cannot be told apart. */
  readonly #plain: readonly Term[];
  readonly #joined: readonly JoinedPin[];
  /** What the record alone says of its joined rows. */
  readonly #recordPlan: JoinPlan;

  constructor(alternative: Alternative, slots: readonly PinSlot[]) {
    const joins = alternative.filter((term) => term.kind === "comparison" && term.nodes.length > 0);
    const ofRecord = joins.filter((term) => !readsAuth(term));
    this.#slots = slots;
    this.#plain = alternative.filter((term) => !joins.includes(term));
    this.#recordPlan = new JoinPlan(ofRecord);
    this.#joined = joins.flatMap((term) => {
      const pinned = term.kind === "comparison" ? pinnedSides(term) : undefined;
      return pinned === undefined ? [] : { pinned, plan: planFor(pinned, ofRecord) };
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

  #joinedPins({ pinned, plan }: JoinedPin, subject: Subject): "everyone" | readonly Pin[] {
    const { name, record, isPart } = pinned;
    const keys = new Set<string>();
    let isAnybody = false;
    try {
      beginWork(Infinity);
      plan.search(openRow(subject), (row) => {
        // nobody passes by what is not at hand
        if (record.isMissing?.(row) === true) return false;
        const found = keysOfValue(record.get(row), record, isPart);
        for (const key of found ?? []) keys.add(key);
        isAnybody ||= found === undefined;
        return isAnybody;
      });
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      isAnybody = true;
    }
    if (isAnybody) return "everyone";
    return [
      { slot: this.#slots.findIndex((slot) => slot.name === name), keys: [...keys], findsParts: isPart },
    ];
  }
}

function readsAuth(term: Term): boolean {
  return comparisonsOf(term).some(({ left, right }) =>
    [...left.sources, ...right.sources].some((source) => source === "auth" || source === "auth-related"),
  );
}

/** The rows that a pinned value stands in, and those by which they are looked up. */
function planFor({ record }: PinnedSides, ofRecord: readonly Term[]): JoinPlan {
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
  return new JoinPlan(taken, [...nodes]);
}

function mayPass(plan: JoinPlan, subject: Subject): boolean {
  try {
    beginWork();
    return plan.passes(openRow(subject)) === true;
  } catch (error) {
    if (error instanceof EvaluationError) return true;
    throw error;
  }
}

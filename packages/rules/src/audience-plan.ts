import { JoinedPins } from "./joined-pins.ts";
import { type Pin, type PinSlot, pinsOf, pinSlots } from "./pin.ts";
import type { Records } from "./records.ts";
import { emptyRow, type RequestValues, type Subject } from "./row.ts";
import { readsAuth, type Side, type Source } from "./side.ts";
import { type ComparisonTerm, comparisonsOf, type Term, verdictOf } from "./term.ts";
import { evaluate } from "./work.ts";

/** Says something of a request; equal texts, equal in all that matters to one comparison. */
type KeyPart = (request: RequestValues, records: Records | undefined) => string;

/**
 * Tells subscribers apart by a rule, so that one decision serves all who are alike, and finds those who may pass by the
 * values of a record. The options of the subscription are the same for all.
 */
export class AudiencePlan {
  readonly #term: Term | undefined;
  readonly #parts: readonly KeyPart[];
  readonly #slots: readonly PinSlot[];
  readonly #isJoined: boolean;
  #joined: JoinedPins | undefined;

  /** @param term the rule; nothing where it says the same of everybody */
  constructor(term: Term | undefined) {
    this.#term = term;
    const comparisons = term === undefined ? [] : comparisonsOf(term);
    this.#parts = keyPartsOf(comparisons);
    this.#slots = pinSlots(comparisons);
    this.#isJoined = term !== undefined && term.nodes.length > 0;
  }

  /** How many look-ups the rule has. */
  get slotCount(): number {
    return this.#slots.length;
  }

  /**
   * Where somebody belongs: equal keys, equal decisions on every record.
   * @param records has the row of whoever asks, where it is followed
   */
  keyOf(request: RequestValues, records?: Records): string {
    return this.#parts.map((part) => part(request, records)).join("\n");
  }

  /** By which values each look-up finds somebody; nothing where it does not and they are to be asked each time. */
  pinKeysOf(request: RequestValues, records?: Records): readonly (readonly string[] | undefined)[] {
    return this.#slots.map((slot) => slot.keysOf(request, records));
  }

  /**
   * The look-ups that find all who may pass on a record, besides those whom a look-up does not find.
   * @param subject its auth record does not matter
   * @returns `everyone` where they cannot be told apart by value
   */
  pinsOf(subject: Subject): "everyone" | readonly Pin[] {
    if (this.#term === undefined) return "everyone";
    if (!this.#isJoined) return pinsOf(this.#term, subject, this.#slots);
    this.#joined ??= new JoinedPins(this.#term, this.#slots);
    return this.#joined.pinsOf(subject);
  }
}

function keyPartsOf(comparisons: readonly ComparisonTerm[]): readonly KeyPart[] {
  const parts = new Map<string, KeyPart>();
  for (const term of comparisons) {
    const { left, right, syntax, origin } = term;
    if (isOf(left, ofRequest) && isOf(right, ofRequest) && !left.values && !right.values) {
      // all that matters of it is what it says
      if (readsAuth(left) || readsAuth(right)) parts.set(`${origin.name}${syntax.start}`, verdictKey(term));
      continue;
    }
    for (const [side, operand] of [
      [left, syntax.left],
      [right, syntax.right],
    ] as const) {
      const name = operand.kind === "identifier" ? operand.name : `${origin.name}${operand.start}`;
      const key = keyPartOf(side);
      if (key !== undefined) parts.set(name, key);
    }
  }
  return [...parts.values()];
}

/** What tells people apart by one side of a comparison. */
function keyPartOf(side: Side): KeyPart | undefined {
  if (isOf(side, ofRequest)) return readsAuth(side) ? valueKey(side) : undefined;
  if (side.sources.includes("auth")) return wholeAuthKey;
  return readsAuth(side) ? identityKey : undefined;
}

const ofRequest: readonly Source[] = ["auth", "options"];

function isOf({ sources }: Side, wanted: readonly Source[]): boolean {
  return sources.every((source) => wanted.includes(source));
}

function verdictKey(term: ComparisonTerm): KeyPart {
  return (request, records) => String(verdictOf(term, { ...emptyRow, request, records }));
}

function valueKey({ get, values, parameter, isMissing }: Side): KeyPart {
  return (request, records) => {
    const row = { ...emptyRow, request, records };
    if (isMissing?.(row) === true) return "missing";
    return JSON.stringify(evaluate(() => [values?.(row) ?? get(row), parameter?.(row)]));
  };
}

/** Some of what a token says is read even where there is a row, which is the same for all who are the same. */
function wholeAuthKey({ auth }: RequestValues): string {
  return JSON.stringify(auth ?? null);
}

/** What is found from somebody in other records changes with them: each one is asked for alone. */
function identityKey({ auth }: RequestValues): string {
  return auth === undefined ? "" : `${String(auth["collectionId"])}/${String(auth["id"])}`;
}

import { type DecidingComparison } from "./deciding-comparison.ts";
import { guestMatches } from "./guest-match.ts";
import { parse, type Quirk } from "./parser.ts";
import { type Decision, RuleProgram } from "./program.ts";
import { RuleError } from "./rule-error.ts";
import type { RequestValues, Subject } from "./row.ts";
import type { RuleCollection } from "./schema.ts";
import type { Need, RulePlace } from "./scope.ts";
import type { Group } from "./syntax.ts";

/**
 * Compiles a rule or filter; the empty text is no rule and is not for this function.
 * @throws {RuleError} where PocketBase would refuse it
 */
export function compileRule(text: string, place: RulePlace): CompiledRule {
  const { group, quirks } = parse(text);
  return new CompiledRule(text, { group, quirks, place });
}

interface RuleParts {
  readonly group: Group;
  readonly quirks: readonly Quirk[];
  readonly place: RulePlace;
}

const unknownCollection: RuleCollection = { id: "", name: "", type: "base", fields: [], listRule: null };

/** A rule or filter, ready to be asked. */
export class CompiledRule {
  readonly text: string;
  /** The data that a verdict takes, and where the text first asks for each, in UTF-16 units. */
  readonly needs: ReadonlyMap<Need, number>;
  /** The request values that a verdict depends on: equal values, equal verdict. */
  readonly reads: ReadonlySet<string>;
  /** What it says of every subject, if that is always the same. */
  readonly constant: boolean | undefined;
  /** A filter that mentions `@request.` or `@collection.`, in a text even: only superusers may have it. */
  readonly superusersOnly: boolean;
  /** What is accepted as PocketBase accepts it, and hardly meant. */
  readonly quirks: readonly Quirk[];
  /** The collections, by id, whose rows it may take. */
  readonly follows: ReadonlySet<string> = new Set();
  /** Whether it may take the auth record of whoever asks, and so rows of any auth collection. */
  readonly followsAuth: boolean = false;
  readonly #group: Group;
  readonly #place: RulePlace;
  readonly #forGuests: RuleProgram;
  readonly #readsClaims: boolean;
  readonly #byAuthCollection = new Map<string, RuleProgram | "refused">();

  constructor(text: string, { group, quirks, place }: RuleParts) {
    const program = new RuleProgram(group, place);
    const { scope, term, constant } = program;
    this.text = text;
    this.needs = scope.needs;
    this.reads = scope.reads;
    this.constant = typeof constant === "boolean" ? constant : undefined;
    const isFilter = place.kind === "filter";
    this.superusersOnly = isFilter && (text.includes("@request.") || text.includes("@collection."));
    this.quirks = isFilter ? quirks : [...quirks, ...guestMatches(term)];
    this.#group = group;
    this.#place = place;
    this.#forGuests = program;
    this.#readsClaims = scope.needs.has("auth-record");
  }

  /** Decides for a subject. */
  decide(subject: Subject): Decision {
    const program = this.programFor(subject.request);
    return program === "refused" ? "failed" : program.decide(subject);
  }

  /** Finds the comparisons for which a subject does not pass: one of `&&`, all of `||`; nothing where it takes more data. */
  explain(subject: Subject): readonly DecidingComparison[] {
    const program = this.programFor(subject.request);
    return program === "refused" ? [] : program.explain(subject, this.text);
  }

  /**
   * The rule as it is for somebody. Claims are columns where their auth collection declares them, so that each auth
   * collection has its own.
   * @returns `refused` where a claim is named as its collection does not allow
   */
  programFor({ auth }: RequestValues): RuleProgram | "refused" {
    if (!this.#readsClaims || auth === undefined || this.constant !== undefined) return this.#forGuests;
    const key = auth["collectionId"];
    const collection = (typeof key === "string" && this.#place.schema.find(key)) || unknownCollection;
    const known = this.#byAuthCollection.get(collection.id);
    if (known !== undefined) return known;
    const program = this.#compileFor(collection);
    this.#byAuthCollection.set(collection.id, program);
    return program;
  }

  #compileFor(authCollection: RuleCollection): RuleProgram | "refused" {
    try {
      return new RuleProgram(this.#group, this.#place, authCollection);
    } catch (error) {
      if (error instanceof RuleError) return "refused";
      throw error;
    }
  }
}

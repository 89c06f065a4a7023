import { type DecidingComparison } from "./deciding-comparison.ts";
import { guestMatches } from "./guest-match.ts";
import { parse, type Quirk } from "./parser.ts";
import { type Decision, RuleProgram } from "./program.ts";
import { RuleError } from "./rule-error.ts";
import type { Records } from "./records.ts";
import type { RequestValues, Subject } from "./row.ts";
import type { RuleCollection } from "./schema.ts";
import type { AuthPlace, Need, RulePlace } from "./scope.ts";
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
  /** Whether a decision takes the row of whoever asks. */
  readonly followsAuth: boolean;
  /** What is accepted as PocketBase accepts it, and hardly meant. */
  readonly quirks: readonly Quirk[];
  readonly #group: Group;
  readonly #place: RulePlace;
  readonly #forGuests: RuleProgram;
  readonly #byAuthCollection = new Map<string, RuleProgram | "refused">();
  #follows: ReadonlySet<string> | undefined;

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
    this.followsAuth = scope.needs.has("auth-record");
  }

  /** The collections whose rows a decision may take, by id, besides that of whoever asks. */
  get follows(): ReadonlySet<string> {
    this.#follows ??= this.#findFollows();
    return this.#follows;
  }

  /** Whether a decision may depend on who asks: of filters, only those do that join what a list rule guards. */
  get readsAuth(): boolean {
    return [...this.reads].some((name) => name.startsWith("@request.auth"));
  }

  /** Whether rows that a decision may take are not at hand. */
  lacks(records: Records | undefined): boolean {
    return [...this.follows].some((id) => records?.has(id) !== true);
  }

  /** Decides for a subject. */
  decide(subject: Subject): Decision {
    const program = this.programFor(subject.request, subject.records);
    return program === "refused" ? "failed" : program.decide(subject);
  }

  /** Finds the comparisons for which a subject does not pass: one of `&&`, all of `||`, over the joined rows that come nearest. */
  explain(subject: Subject): readonly DecidingComparison[] {
    const program = this.programFor(subject.request, subject.records);
    return program === "refused" ? [] : program.explain(subject, this.text);
  }

  /**
   * The rule as it is for somebody. What it reads of the auth record are columns where the auth collection declares them, so
   * that each auth collection has its own, one where its rows are at hand and one where they are not.
   * @returns `refused` where something is named as the auth collection does not allow
   */
  programFor({ auth }: RequestValues, records?: Records): RuleProgram | "refused" {
    if (!this.followsAuth || auth === undefined || this.constant !== undefined) return this.#forGuests;
    const key = auth["collectionId"];
    const collection = (typeof key === "string" && this.#place.schema.find(key)) || unknownCollection;
    return this.#programOf(collection, records?.has(collection.id) === true);
  }

  #programOf(collection: RuleCollection, isFollowed: boolean): RuleProgram | "refused" {
    const key = isFollowed ? `followed ${collection.id}` : collection.id;
    const known = this.#byAuthCollection.get(key);
    if (known !== undefined) return known;
    const program = this.#compileFor({ collection, isFollowed });
    this.#byAuthCollection.set(key, program);
    return program;
  }

  #compileFor(auth: AuthPlace): RuleProgram | "refused" {
    try {
      return new RuleProgram(this.#group, this.#place, auth);
    } catch (error) {
      if (error instanceof RuleError) return "refused";
      throw error;
    }
  }

  #findFollows(): ReadonlySet<string> {
    const follows = new Set(this.#forGuests.scope.follows);
    if (!this.followsAuth) return follows;
    for (const collection of this.#place.schema.all?.() ?? []) {
      const program = collection.type === "auth" ? this.#programOf(collection, true) : "refused";
      if (program !== "refused") for (const id of program.scope.follows) follows.add(id);
    }
    return follows;
  }
}

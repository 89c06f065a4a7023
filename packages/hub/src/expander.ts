import type { Identity } from "@sluice/protocol";
import type { RecordRow } from "@sluice/rules";
import type { ExpandPlan, PlannedPath, PlannedStep } from "./expand-plan.ts";
import { type Expanded, type ExpandedRow, ExpandedRows } from "./expanded-row.ts";
import { type ExpandFailure, Expansion, type Owners } from "./expansion.ts";
import { RowViews, type RowViewsContext } from "./row-views.ts";

/** Most rows that are looked at for one audience; paths that lead to more bring nothing. */
const maxRows = 10_000;

/** Most characters that an `expand` may have; what is larger brings nothing. */
const maxChars = 1_048_576;

/** What the expansions of one event may cost together, as much as everybody asks for; those beyond bring nothing. */
export class ExpandBudget {
  /** How many rows may be looked at. */
  rowsLeft = 200_000;
  charsLeft = 67_108_864;
}

/** What a record is expanded with. */
export interface ExpanderContext extends RowViewsContext {
  readonly record: RecordRow;
  readonly budget: ExpandBudget;
}

/** Steps that are taken from the same rows, by name. */
type Branches = Map<string, Branch>;

interface Branch {
  readonly step: PlannedStep;
  readonly branches: Branches;
  /** By row id, for one audience. */
  readonly rows: Map<string, ExpandedRow>;
}

const tooMany: ExpandFailure = {
  reason: "expand-failed",
  message: `expected at most ${maxRows} rows for one subscriber, and not too many for all`,
};

const tooLarge: ExpandFailure = {
  reason: "expand-failed",
  message: `expected at most ${maxChars} characters for one subscriber, and not too many for all`,
};

/** Expands the record of one event for the subscribers of one string. */
export class Expander {
  readonly #plan: ExpandPlan;
  readonly #context: ExpanderContext;
  readonly #rows = new ExpandedRows();
  readonly #paid = new Set<Expanded>();

  constructor(plan: ExpandPlan, context: ExpanderContext) {
    this.#plan = plan;
    this.#context = context;
  }

  /**
   * What the `expand` brings all who are alike under the plan's rules.
   * @see PocketBase core/record_query_expand.go expandRecords
   */
  expandFor(identity: Identity): Expansion {
    const views = new RowViews(identity, this.#context);
    const failures: ExpandFailure[] = [];
    const branches: Branches = new Map();
    let rowsLeft = maxRows;
    const look = (): boolean => (rowsLeft -= 1) >= 0 && (this.#context.budget.rowsLeft -= 1) >= 0;
    for (const path of this.#plan.paths) {
      const failure = this.#failureOf(path, views, look);
      if (failure === undefined) grow(branches, path);
      else failures.push({ ...failure, message: `expand=${path.text}: ${failure.message}` });
    }
    if (branches.size === 0) return new Expansion(failures);
    const owners: Owners = new Map();
    const expanded = this.#expand(this.#context.record, branches, { views, owners });
    if (!this.#pay(expanded)) return new Expansion([...failures, tooLarge]);
    return new Expansion(failures, expanded, owners);
  }

  /** Walks down a path, a level of rows at a time; where any row cannot be decided, all of it brings nothing. */
  #failureOf(path: PlannedPath, views: RowViews, look: () => boolean): ExpandFailure | undefined {
    let level = new Map<string, RecordRow>([["", this.#context.record]]);
    for (const step of path.steps) {
      if (level.size === 0) return undefined;
      const bar = views.bar(step);
      if (bar !== undefined) return bar;
      const next = new Map<string, RecordRow>();
      for (const row of level.values()) {
        for (const found of this.#find(step, row)) {
          if (!look()) return tooMany;
          const view = views.of(step, found);
          if (typeof view === "object") return view;
          if (view !== "unseen") next.set(String(found["id"]), found);
        }
      }
      level = next;
    }
    return level.size === 0 || path.problem === undefined
      ? undefined
      : { reason: "expand-refused", message: path.problem };
  }

  #expand(row: RecordRow, branches: Branches, reader: Reader): Expanded {
    const rows = new Map<string, ExpandedRow | readonly ExpandedRow[]>();
    for (const [name, branch] of branches) {
      const found: ExpandedRow[] = [];
      for (const next of this.#find(branch.step, row)) {
        const expanded = this.#expandRow(next, branch, reader);
        if (expanded === undefined) continue;
        found.push(expanded);
        if (branch.step.isSingle) break;
      }
      const [first] = found;
      if (first !== undefined) rows.set(name, branch.step.isSingle ? first : found);
    }
    return this.#rows.expand(rows);
  }

  #expandRow(row: RecordRow, branch: Branch, reader: Reader): ExpandedRow | undefined {
    const { step, branches, rows } = branch;
    const id = String(row["id"]);
    const known = rows.get(id);
    if (known !== undefined) return known;
    const view = reader.views.of(step, row);
    if (view === "unseen" || typeof view === "object") return undefined;
    const collection = step.target;
    if (view === "public" && collection.type === "auth") addOwner(reader.owners, collection.id, id);
    const expand = branches.size === 0 ? undefined : this.#expand(row, branches, reader);
    const expanded = this.#rows.row({ collection, row, view, expand });
    rows.set(id, expanded);
    return expanded;
  }

  #find({ find }: PlannedStep, row: RecordRow): Iterable<RecordRow> {
    const { records } = this.#context;
    return records === undefined ? [] : find(row, records);
  }

  /** @returns false where it is too large for one, or with all others together */
  #pay(expanded: Expanded): boolean {
    const { budget } = this.#context;
    if (this.#paid.has(expanded)) return true;
    if (expanded.charCount > maxChars || expanded.charCount > budget.charsLeft) return false;
    budget.charsLeft -= expanded.charCount;
    this.#paid.add(expanded);
    return true;
  }
}

/** Who an expansion is for, and whose e-mail addresses were left out of it. */
interface Reader {
  readonly views: RowViews;
  readonly owners: Owners;
}

function addOwner(owners: Owners, collectionId: string, id: string): void {
  owners.set(collectionId, (owners.get(collectionId) ?? new Set()).add(id));
}

function grow(branches: Branches, { steps }: PlannedPath): void {
  let level = branches;
  for (const step of steps) {
    const branch = level.get(step.name) ?? { step, branches: new Map(), rows: new Map() };
    level.set(step.name, branch);
    level = branch.branches;
  }
}

import type { Identity, SubscriptionOptions } from "@sluice/protocol";
import { type RecordRow, type Records, RuleError } from "@sluice/rules";
import { denyByRule, type DenialReason, requestValues } from "./access.ts";
import type { PlannedStep } from "./expand-plan.ts";
import type { ExpandFailure } from "./expansion.ts";
import { type View, viewOf } from "./view.ts";

/** What rows are looked at with. */
export interface RowViewsContext {
  /** Nothing where no collection is followed. */
  readonly records: Records | undefined;
  readonly options: SubscriptionOptions;
  readonly nowMs: number;
}

/** What one subscriber sees of other collections' rows; each is decided once. */
export class RowViews {
  readonly #identity: Identity;
  readonly #context: RowViewsContext;
  /** By collection id and row id. */
  readonly #views = new Map<string, Map<string, View | "unseen" | ExpandFailure>>();

  constructor(identity: Identity, context: RowViewsContext) {
    this.#identity = identity;
    this.#context = context;
  }

  /** Why a step cannot be taken whatever rows it leads to; nothing where it can. */
  bar({ target, rules: { viewRule } }: PlannedStep): ExpandFailure | undefined {
    if (this.#context.records?.has(target.id) !== true) {
      return {
        reason: "expand-undecidable",
        message: `expected ${target.name} to be followed, and all its rows to be at hand`,
      };
    }
    if (this.#identity.kind === "superuser") return undefined;
    if (viewRule === "superusers") {
      return { reason: "expand", message: `the view rule of ${target.name} is null` };
    }
    if (!(viewRule instanceof RuleError)) return undefined;
    return { reason: "expand-refused", message: `the view rule of ${target.name}: ${viewRule.message}` };
  }

  /** The subscriber's view of a row that a step leads to; its own e-mail address is another matter. */
  of(step: PlannedStep, row: RecordRow): View | "unseen" | ExpandFailure {
    const views = this.#views.get(step.target.id) ?? new Map<string, View | "unseen" | ExpandFailure>();
    this.#views.set(step.target.id, views);
    const id = String(row["id"]);
    const view = views.get(id) ?? this.#decide(step, row);
    views.set(id, view);
    return view;
  }

  #decide({ target, rules }: PlannedStep, record: RecordRow): View | "unseen" | ExpandFailure {
    if (this.#identity.kind === "superuser") return "superuser";
    const { records, options, nowMs } = this.#context;
    const subject = { record, request: requestValues(this.#identity, options), records, nowMs };
    const denial = denyByRule(rules.viewRule, subject);
    if (denial === "rule") return "unseen";
    if (denial !== undefined) {
      return { reason: expandReason(denial), message: `the view rule of ${target.name} on a row` };
    }
    const view = viewOf(target, record);
    if (view !== "public" || rules.manageRule === "superusers") return view;
    return denyByRule(rules.manageRule, subject) === undefined ? "with-email" : view;
  }
}

function expandReason(denial: DenialReason): DenialReason {
  if (denial.endsWith("-undecidable")) return "expand-undecidable";
  return denial.endsWith("-refused") ? "expand-refused" : "expand-failed";
}

import type { Collection, Subscription } from "@sluice/protocol";
import { CompiledRule } from "@sluice/rules";
import type { CollectionAccess, ExpandRules } from "./collection-access.ts";
import { type ExpandPath, parseExpand } from "./expand-paths.ts";
import { type ExpandStep, resolveStep } from "./expand-step.ts";

/** A path of an `expand` as the collections allow it. */
export interface PlannedPath {
  /** Those that lead somewhere. */
  readonly steps: readonly PlannedStep[];
  /** As the subscriber asked for it. */
  readonly text: string;
  /** What is wrong with the one behind them; it matters only where rows are found that it would lead from. */
  readonly problem: string | undefined;
}

/** A step, and the rules that guard what it leads to. */
export interface PlannedStep extends ExpandStep {
  readonly rules: ExpandRules;
}

/** What one subscription string asks for beside the record: its `expand` option, read against the collections. */
export class ExpandPlan {
  readonly paths: readonly PlannedPath[];

  constructor(paths: readonly ExpandPath[], collection: Collection, access: CollectionAccess) {
    this.paths = paths.map((path) => planPath(path, collection, access));
  }

  /** The rules that tell subscribers apart: who is alike under them finds the same. */
  get rules(): readonly CompiledRule[] {
    const steps = this.paths.flatMap((path) => path.steps);
    const rules = new Set(steps.flatMap(({ rules: { viewRule, manageRule } }) => [viewRule, manageRule]));
    return [...rules].filter((rule) => rule instanceof CompiledRule);
  }
}

/** Reads the `expand` option of a subscription to a collection; nothing where it asks for none. */
export function planExpand(
  { options }: Subscription,
  collection: Collection,
  access: CollectionAccess,
): ExpandPlan | undefined {
  const paths = parseExpand(options.query["expand"] ?? "");
  return paths.length === 0 ? undefined : new ExpandPlan(paths, collection, access);
}

function planPath(path: ExpandPath, collection: Collection, access: CollectionAccess): PlannedPath {
  const steps: PlannedStep[] = [];
  const text = path.join(".");
  let source = collection;
  for (const name of path) {
    const step = resolveStep(name, source, access);
    if (typeof step === "string") return { steps, text, problem: step };
    steps.push({ ...step, rules: access.expandRulesOf(step.target) });
    source = step.target;
  }
  return { steps, text, problem: undefined };
}

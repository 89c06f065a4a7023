export { type CompiledRule, compileRule, type RulePlace } from "./compile.ts";
export type { Quirk } from "./parser.ts";
export { RuleError } from "./rule-error.ts";
export type { RequestValues, Subject } from "./row.ts";
export type { RuleCollection, RuleField, RuleSchema } from "./schema.ts";
export type { Need } from "./scope.ts";

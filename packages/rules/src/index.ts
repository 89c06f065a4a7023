export { CompiledRule, compileRule, type Decision } from "./compile.ts";
export type { DecidingComparison, OperandValue } from "./deciding-comparison.ts";
export type { Quirk } from "./parser.ts";
export { RuleError } from "./rule-error.ts";
export type { RequestValues, Subject } from "./row.ts";
export type { RuleCollection, RuleField, RuleSchema } from "./schema.ts";
export type { Need, RulePlace } from "./scope.ts";

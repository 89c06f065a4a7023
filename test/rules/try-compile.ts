import { compileRule, type CompiledRule, RuleError } from "@sluice/rules";
import type * as fc from "fast-check";
import { posts, schema } from "./collections.ts";
import { someRule } from "./random-rule.ts";

/** Compiles a rule or filter over `posts`. */
export function compile(text: string, kind: "rule" | "filter" = "rule"): CompiledRule {
  return compileRule(text, { schema, collection: posts, kind });
}

/** A rule compiled, or the code of what is wrong with it. */
export function tryCompile(text: string, kind: "rule" | "filter" = "rule"): CompiledRule | RuleError["code"] {
  try {
    return compile(text, kind);
  } catch (error) {
    if (error instanceof RuleError) return error.code;
    throw error;
  }
}

/** Rules over names whose data is at hand. */
export function decidableRule(identifiers: readonly string[]): fc.Arbitrary<string> {
  return someRule({ identifiers, calls: true }).filter((text) => {
    const rule = tryCompile(text);
    return typeof rule !== "string" && !rule.needs.has("related");
  });
}

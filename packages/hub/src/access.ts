import type { Identity, Subscription } from "@sluice/protocol";

/** Why a subscriber does not get an event. */
export type DenialReason = "rule" | "rule-undecidable" | "filter-undecidable";

/** Rules that can be decided: null is superusers only, `""` everyone. Any other text denies. */
export function isDecidable(rule: string | null): boolean {
  return rule === null || rule === "";
}

/**
 * Decides whether an identity passes a rule. Superusers pass every rule, unread.
 * @returns nothing where it passes
 */
export function denyByRule(rule: string | null, identity: Identity): DenialReason | undefined {
  if (identity.kind === "superuser" || rule === "") return undefined;
  return rule === null ? "rule" : "rule-undecidable";
}

/**
 * Decides whether a subscription's own filter lets an event through; superusers' filters count too.
 * @returns nothing where it does
 */
export function denyByFilter({ options }: Subscription): DenialReason | undefined {
  const filter = options.query["filter"] ?? "";
  return filter === "" ? undefined : "filter-undecidable";
}

import { RuleError } from "@sluice/rules";
import type { Access } from "./access.ts";

/** Something about a rule or filter that its author should know. */
export interface Remark {
  /** Where in its text, in UTF-16 units from 0. */
  readonly position: number;
  readonly message: string;
}

const neededData: Readonly<Record<string, string>> = {
  "auth-record": "fields of the auth record",
  related: "related records",
  "related-listrule": "the list rule of related records",
  back: "back relations",
  collection: "other collections",
};

/** What a rule takes that may not be at hand: of the auth record, its row or what a token carries of it. */
export function needsOf(access: Access): readonly Remark[] {
  if (typeof access === "string" || access instanceof RuleError) return [];
  return [...access.needs].flatMap(([need, position]) => {
    const data = neededData[need];
    return data === undefined ? [] : [{ position, message: `this takes ${data}: denies where not at hand` }];
  });
}

/** What the author of a rule should know: that it is broken, what is hardly meant. */
export function remarksOn(access: Access): readonly Remark[] {
  if (typeof access === "string") return [];
  if (access instanceof RuleError) {
    return [
      { position: access.position, message: `this rule lets only superusers through: ${access.message}` },
    ];
  }
  return access.quirks.map(({ start, advice }) => ({ position: start, message: advice }));
}

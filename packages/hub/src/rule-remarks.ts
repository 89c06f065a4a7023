import { RuleError } from "@sluice/rules";
import type { Access } from "./access.ts";

/** Something about a rule or filter that its author should know. */
export interface Remark {
  /** Where in its text, in UTF-16 units from 0. */
  readonly position: number;
  readonly message: string;
}

const rowsAtHand = "their rows have to be at hand";

const missingData: Readonly<Record<string, string>> = {
  "auth-record": "fields of the auth record: its row has to be at hand, or the token to carry them",
  related: `related records: ${rowsAtHand}`,
  "related-listrule": `the list rule of related records: ${rowsAtHand}`,
  back: `back relations: ${rowsAtHand}`,
  collection: `other collections: ${rowsAtHand}`,
};

/** What the author of a rule should know: that it is broken, or what is hardly meant. */
export function remarksOn(access: Access): readonly Remark[] {
  if (typeof access === "string") return [];
  if (access instanceof RuleError) {
    return [
      { position: access.position, message: `this rule lets only superusers through: ${access.message}` },
    ];
  }
  return access.quirks.map(({ start, advice }) => ({ position: start, message: advice }));
}

/** What data a rule takes that may not be there. */
export function remarksOnData(access: Access): readonly Remark[] {
  if (typeof access === "string" || access instanceof RuleError) return [];
  return [...access.needs].flatMap(([need, position]) => {
    const data = missingData[need];
    return data === undefined ? [] : [{ position, message: `this rule takes ${data}` }];
  });
}

import { RuleError } from "@sluice/rules";
import type { Access } from "./access.ts";

/** Something about a rule or filter that its author should know. */
export interface Remark {
  /** Where in its text, in UTF-16 units from 0. */
  readonly position: number;
  readonly message: string;
}

const missingData: Readonly<Record<string, string>> = {
  "auth-record": "fields of the auth record: denies who is signed in with a token that does not carry them",
  related: "related records: denies",
  "related-listrule": "the list rule of related records: denies",
  back: "back relations: denies",
  collection: "other collections: denies",
};

/** What the author of a rule should know: that it is broken, that it takes data which is not there, what is hardly meant. */
export function remarksOn(access: Access): readonly Remark[] {
  if (typeof access === "string") return [];
  if (access instanceof RuleError) {
    return [
      { position: access.position, message: `this rule lets only superusers through: ${access.message}` },
    ];
  }
  const missing = [...access.needs].flatMap(([need, position]) => {
    const data = missingData[need];
    return data === undefined ? [] : [{ position, message: `this rule takes ${data}` }];
  });
  const quirks = access.quirks.map(({ start, advice }) => ({ position: start, message: advice }));
  return [...missing, ...quirks];
}

/** A field as rules need it. */
export interface RuleField {
  readonly name: string;
  /** PocketBase's type, such as `text` or `relation`. */
  readonly type: string;
  /** Whether a select, file or relation holds an array. */
  readonly multiple: boolean;
  readonly hidden: boolean;
  /** The collection that a relation points to, by name or id. */
  readonly target?: string | undefined;
}

/** A collection as rules need it; `id`, and the fields that every auth collection has, are implied. */
export interface RuleCollection {
  readonly id: string;
  readonly name: string;
  readonly type: "base" | "auth" | "view";
  readonly fields: readonly RuleField[];
  /** Guards what a filter joins. */
  readonly listRule: string | null;
  /** The fields that have a unique index of their own, in lower case. */
  readonly unique?: readonly string[] | undefined;
}

/** The collections of a deployment; names in any case, ids exact. */
export interface RuleSchema {
  readonly find: (nameOrId: string) => RuleCollection | undefined;
  /** All of them; where absent, a rule knows what it follows for an auth collection once one of its records asks. */
  readonly all?: (() => Iterable<RuleCollection>) | undefined;
}

const implied = (name: string, type: string, hidden = false): RuleField => ({
  name,
  type,
  multiple: false,
  hidden,
});

const authFields: readonly RuleField[] = [
  implied("email", "email"),
  implied("emailVisibility", "bool"),
  implied("verified", "bool"),
  implied("password", "password", true),
  implied("tokenKey", "text", true),
];

const idField = implied("id", "text");

/** A field of a collection by name, implied ones among them. */
export function findField({ fields, type }: RuleCollection, name: string): RuleField | undefined {
  if (name === "id") return idField;
  const declared = fields.find((field) => field.name === name);
  if (type !== "auth") return declared;
  return declared ?? authFields.find((field) => field.name === name);
}

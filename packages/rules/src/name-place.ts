import { RuleError } from "./rule-error.ts";
import type { RuleCollection, RuleField } from "./schema.ts";

const modifiers: ReadonlySet<string> = new Set(["isset", "each", "length", "lower", "changed"]);

/** An identifier's place in the text, for errors, and its name. */
export interface NamePlace {
  readonly name: string;
  readonly start: number;
}

/** Splits the last segment into its name and its modifier. */
export function splitModifier(
  segment: string,
  place: NamePlace,
): [name: string, modifier: string | undefined] {
  const parts = segment.split(":");
  const [name = "", modifier] = parts;
  if (parts.length !== 2 || modifier === undefined) return [segment, undefined];
  if (!modifiers.has(modifier)) throw new RuleError("unknown", `no modifier :${modifier}`, place.start);
  return [name, modifier];
}

/** A name that is not there. */
export function unknown({ name, start }: NamePlace): RuleError {
  return new RuleError("unknown", `no field ${name}`, start);
}

/** A field that filters may not name. */
export function hidden(field: RuleField, { start }: NamePlace): RuleError {
  return new RuleError("forbidden", `${field.name} is hidden`, start);
}

/** What filters may not name: what never leaves is as secret where nobody thought of hiding it. */
export function isSecret(collection: RuleCollection, field: RuleField): boolean {
  return field.hidden || isUntold(collection, field);
}

/** Whether nobody is told a field's value: a password hash, or what tokens are signed with. */
export function isUntold({ type: collectionType }: RuleCollection, { name, type }: RuleField): boolean {
  return type === "password" || (collectionType === "auth" && name === "tokenKey");
}

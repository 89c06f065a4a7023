/** Where a row stands in an event. */
export type Place = "record" | "before" | "expand" | "refused";

/** A writer's value of a field: its secret is text that stands nowhere else. */
type ValueOf = (text: string) => unknown;

/** Every field type whose value can hold a text of its own. */
const types: readonly (readonly [name: string, type: string, maxSelect: number, valueOf: ValueOf])[] = [
  ["text", "text", 0, (text) => text],
  ["editor", "editor", 0, (text) => `<p>${text}</p>`],
  ["mail", "email", 0, (text) => `${text}@example.com`],
  ["url", "url", 0, (text) => `https://example.com/${text}`],
  ["date", "date", 0, (text) => text],
  ["autodate", "autodate", 0, (text) => text],
  ["select", "select", 1, (text) => text],
  ["selects", "select", 3, (text) => [text, "other"]],
  ["file", "file", 1, (text) => `${text}.png`],
  ["files", "file", 3, (text) => [`${text}.png`]],
  ["relation", "relation", 1, (text) => text],
  ["relations", "relation", 3, (text) => [text]],
  ["json", "json", 0, (text) => ({ a: { b: [text] } })],
  ["number", "number", 0, (text) => numberOf(text)],
  ["point", "geoPoint", 0, (text) => ({ lon: numberOf(text), lat: 1 })],
  ["bool", "bool", 0, () => true],
];

const system: readonly (readonly [name: string, valueOf: ValueOf])[] = [
  ["password", (text) => text],
  ["tokenKey", (text) => text],
  ["email", (text) => `${text}@example.com`],
];

/** Fields that everybody sees. */
export const openNames: readonly string[] = types.map(([name]) => `open_${name}`);

/** Fields that only superusers see. */
export const closedNames: readonly string[] = types.map(([name]) => `closed_${name}`);

const fields = [
  { name: "id", type: "text", system: true },
  ...types.flatMap(([name, type, maxSelect]) => {
    const more = {
      type,
      ...(maxSelect === 0 ? {} : { maxSelect }),
      ...(type === "relation" ? { collectionId: "members" } : {}),
    };
    return [
      { name: `open_${name}`, hidden: false, ...more },
      { name: `closed_${name}`, hidden: true, ...more },
    ];
  }),
];

const authFields = [
  { name: "password", type: "password", hidden: true, system: true },
  { name: "tokenKey", type: "text", hidden: true, system: true },
  { name: "email", type: "email", system: true },
  { name: "emailVisibility", type: "bool", system: true },
  { name: "verified", type: "bool", system: true },
];

const open = { listRule: "", viewRule: "" };

/** A base and an auth collection with every type of field, open and hidden, and one whose rule cannot be decided. */
export const collections = [
  {
    id: "vault",
    name: "vault",
    type: "base",
    ...open,
    fields: [...fields, { name: "password", type: "password" }],
  },
  {
    id: "members",
    name: "members",
    type: "auth",
    ...open,
    manageRule: '@request.auth.id = "manager"',
    fields: [...fields, ...authFields],
  },
];

export function idOf(collection: string, owner: string): string {
  return collection === "members" ? owner : `${collection}-${owner}`;
}

/** A row with a secret of its own in every field; the e-mail of `shown` is visible. */
export function recordOf(
  collection: string,
  owner: "owner" | "shown",
  place: Place,
): Readonly<Record<string, unknown>> {
  const secretOf = (name: string): string => secret({ collection, owner, place, name });
  const values = types.flatMap(([name, , , valueOf]): [string, unknown][] => [
    [`open_${name}`, valueOf(secretOf(`open_${name}`))],
    [`closed_${name}`, valueOf(secretOf(`closed_${name}`))],
  ]);
  return {
    id: idOf(collection, owner),
    ...Object.fromEntries(values),
    ...Object.fromEntries(system.map(([name, valueOf]) => [name, valueOf(secretOf(name))])),
    emailVisibility: owner === "shown",
    undeclared: secretOf(`closed-${place}-undeclared`),
  };
}

/** The texts by which fields of a row are recognized wherever they turn up. */
export function secretsOf(
  collection: string,
  owner: "owner" | "shown",
  place: Place,
  names: readonly string[],
): readonly string[] {
  return names
    .filter((name) => !name.endsWith("_bool"))
    .map((name) => {
      const text = secret({ collection, owner, place, name });
      return /_(?:number|point)$/.test(name) ? String(numberOf(text)) : text;
    });
}

function secret({
  collection,
  owner,
  place,
  name,
}: Record<"collection" | "owner" | "place" | "name", string>): string {
  return `secret-${collection}-${owner}-${place}-${name}`;
}

/** A number of nine digits that belongs to one text. */
function numberOf(text: string): number {
  let hash = 7;
  for (const char of text) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 899_999_981;
  return hash + 100_000_000;
}

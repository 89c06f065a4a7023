import type { RuleCollection, RuleField, RuleSchema } from "@sluice/rules";

/** The collection that random rules stand over: a field of every type. */
export const posts = collection(
  "posts",
  "base",
  "title:text body:editor total:number flag:bool status:select tags:select[] author:relation>users " +
    "editors:relation[]>users data:json at:date created:autodate point:geoPoint file:file files:file[] link:url " +
    "mail:email pass:password secret:text! cat:relation>cats cats:relation[]>cats parent:relation>posts",
);

const others: readonly RuleCollection[] = [
  collection(
    "users",
    "auth",
    "name:text age:number active:bool roles:select[] prefs:json team:relation>teams",
  ),
  collection("staff", "auth", "name:json age:text active:text roles:text prefs:geoPoint"),
  collection("teams", "base", "name:text owner:relation>users members:relation[]>users size:number"),
  collection(
    "cats",
    "base",
    "name:text score:number active:bool parent:relation>cats meta:json opts:select[]",
  ),
  collection("comments", "base", "post:relation>posts posts:relation[]>posts text:text rating:number"),
];

/** The collections that random rules may name. */
export const collections: readonly RuleCollection[] = [posts, ...others];

export const schema: RuleSchema = {
  all: () => collections,
  find: (key) => collections.find(({ id, name }) => id === key || name === key.toLowerCase()),
};

/** `name:type`, then `[]` for several values, `>target` for a relation, `!` where it is hidden. */
function collection(name: string, type: "base" | "auth", fields: string): RuleCollection {
  return { id: `pbc_${name}`, name, type, listRule: "", fields: fields.split(" ").map(parseField) };
}

function parseField(text: string): RuleField {
  const [, name = "", type = "", several, target, hidden] =
    /^(\w+):(\w+)(\[\])?(?:>(\w+))?(!)?$/.exec(text) ?? [];
  return { name, type, multiple: several !== undefined, hidden: hidden !== undefined, target };
}

import assert from "node:assert/strict";
import { type Case, heard, namesOf, type Target, tokensOf } from "./target.ts";

type Who = "guest" | "userA" | "userB" | "superuser";

const everybody: readonly Who[] = ["guest", "userA", "userB", "superuser"];

/** A rule on records of userA's whose title is `open`, and who passes it. */
const rules: readonly (readonly [what: string, rule: string | null, hearers: readonly Who[]])[] = [
  ["no rule", null, ["superuser"]],
  ["an empty rule", "", everybody],
  ["a rule that does not parse", "title = ", ["superuser"]],
  ["a rule on a field that is not there", "nowhere = ''", ["superuser"]],
  ["a rule that the record passes", "title = 'open'", everybody],
  ["a rule that the record does not pass", "title = 'closed'", ["superuser"]],
  ["a rule for who is signed in", "@request.auth.id != ''", ["userA", "userB", "superuser"]],
  ["a rule for guests", "@request.auth.id = ''", ["guest", "superuser"]],
  ["a rule for one user", "owner = @request.auth.id", ["userA", "superuser"]],
  ["a rule for all but one user", "owner != @request.auth.id", ["guest", "userB", "superuser"]],
];

const fields = ["id", "title", "owner"].map((name) => ({ name, type: "text" }));

/** Two collections for each rule, with it as list rule and as view rule; the other rule lets in whom it does not. */
export const accessCollections = rules.flatMap(([, rule, hearers], index) => {
  const other = hearers === everybody ? null : "";
  return [
    { id: `pbc_listed${index}`, name: `listed${index}`, listRule: rule, viewRule: other, fields },
    { id: `pbc_viewed${index}`, name: `viewed${index}`, listRule: other, viewRule: rule, fields },
  ];
});

async function assertHearers(
  target: Target,
  { collection, subscriptions }: { readonly collection: string; readonly subscriptions: readonly string[] },
  hearers: readonly Who[],
): Promise<void> {
  const tokens = { guest: "", ...tokensOf(target) };
  const events = [{ collection, action: "create", record: { id: "r1", title: "open", owner: "userA" } }];
  for (const who of everybody) {
    const frames = await heard(target, { subscriptions, events, token: tokens[who] });
    const expected = hearers.includes(who) ? subscriptions : [];
    assert.deepEqual(new Set(namesOf(frames)), new Set(expected), who);
    assert.equal(frames.length, expected.length, who);
  }
}

/** Who hears of a record under which rule, and which of the two rules is asked. */
export const accessCases: readonly Case[] = rules.flatMap(([what, , hearers], index): Case[] => [
  {
    name: `${what} on all records lets through: ${hearers.join(", ")}`,
    needs: ["publish", "collections"],
    run: (target) => {
      const [collection, id] = [`listed${index}`, `pbc_listed${index}`];
      const subscriptions = [`${collection}/*`, collection, `${id}/*`, id];
      return assertHearers(target, { collection, subscriptions }, hearers);
    },
  },
  {
    name: `${what} on one record lets through: ${hearers.join(", ")}`,
    needs: ["publish", "collections"],
    run: (target) => {
      const collection = `viewed${index}`;
      const subscriptions = [`${collection}/r1`, `pbc_viewed${index}/r1`];
      return assertHearers(target, { collection, subscriptions }, hearers);
    },
  },
]);

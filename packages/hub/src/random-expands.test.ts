import { guest, type Identity } from "@sluice/protocol";
import { array, assert, constantFrom, property, record as objectOf } from "fast-check";
import { expect, test } from "vitest";
import { expandedCollections, member, openExpandingHub, rows } from "../../../test/harness/expanding-hub.ts";
import { superuser, user } from "../../../test/harness/recording-hub.ts";
import { explainEvent } from "./explanation.ts";

const viewRules = [
  null,
  "",
  "id = ",
  "@request.auth.id != ''",
  "@request.auth.id = id",
  "@request.auth.id != 'u2'",
  "@request.auth.id = 'u2' || @request.auth.collectionId = 'users'",
  "@request.auth.role = 'x' || id ~ '1'",
  "@request.context = 'expand' && id != 'c1'",
];

const steps = ["author", "tags", "parent", "team", "comments_via_post", "posts_via_author", "nowhere"];
const path = array(constantFrom(...steps), { minLength: 1, maxLength: 3 }).map((names) => names.join("."));
const expand = array(path, { minLength: 1, maxLength: 3 }).map((paths) => paths.join());

const viewRule = constantFrom(...viewRules);
const overrides = objectOf({
  users: objectOf({ viewRule, manageRule: viewRule }),
  tags: objectOf({ viewRule }),
  posts: objectOf({ viewRule }),
  comments: objectOf({ viewRule }),
  teams: objectOf({ viewRule }),
});

const identities: readonly Identity[] = [
  guest,
  superuser,
  user("u1"),
  ...["u1", "u2", "u3"].map((id) => member(id)),
  { kind: "record", id: "u2", collectionId: "users", collectionName: "users", claims: { role: "x" } },
];

test("P6: each of many subscribers gets what it would get alone, whatever the view rules", () => {
  assert(
    property(overrides, expand, (rules, paths) => {
      const { hub, records, subscribe, flush } = openExpandingHub(rules);
      const subscription = `posts/*?options=${encodeURIComponent(JSON.stringify({ query: { expand: paths } }))}`;
      for (const [index, who] of identities.entries()) subscribe(`c${index}`, [subscription], who);
      const record = { author: "u1", tags: ["t2", "t1"], ...rows["posts"]?.[0], id: "p1" };
      const event = { kind: "record", action: "update", collection: "posts", record } as const;
      hub.dispatchRecord(event);
      const texts = flush();
      const collections = expandedCollections(rules);
      for (const [index, identity] of identities.entries()) {
        const context = { collections, records, identity, subscription, nowMs: Date.UTC(2026, 0, 1) };
        const alone = explainEvent(event, context);
        expect(texts[`c${index}`]).toBe(
          `event:${subscription}\ndata:${alone.outcome === "delivered" ? alone.data : ""}\n\n`,
        );
      }
    }),
    { numRuns: 300, seed: 11 },
  );
});

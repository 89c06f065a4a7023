import assert from "node:assert/strict";
import { dataHeard, ownNeeds, tokenOf, withOptions } from "./hearing.ts";
import { type Case, type Need, publish, type Target, tokensOf } from "./target.ts";

const text = (name: string, hidden = false): unknown => ({ name, type: "text", hidden });

const relation = (name: string, collection: string, maxSelect = 1): unknown => ({
  name,
  type: "relation",
  collectionId: `pbc_${collection}`,
  maxSelect,
});

/** A collection that nodes follow. */
function followed(name: string, more: Readonly<Record<string, unknown>>) {
  return { id: `pbc_${name}`, name, follow: true, listRule: null, viewRule: "", ...more };
}

const unique = ["CREATE UNIQUE INDEX `idx_covers` ON `covers` (`journal`)"];

/** Journals, and what they are related to; each of the related has a view rule of another kind. */
export const expandCollections = [
  followed("journals", {
    listRule: "",
    fields: [
      text("id"),
      relation("writer", "writers"),
      relation("subjects", "subjects", 5),
      relation("vault", "vaults"),
      relation("parent", "journals"),
    ],
  }),
  followed("writers", {
    type: "auth",
    manageRule: "@request.auth.id = 'boss'",
    fields: [
      text("id"),
      text("tokenKey"),
      { name: "email", type: "email" },
      { name: "emailVisibility", type: "bool" },
      { name: "verified", type: "bool" },
      text("name"),
      text("phone", true),
      relation("circle", "circles"),
    ],
  }),
  followed("subjects", { viewRule: "label != 'secret'", fields: [text("id"), text("label")] }),
  followed("circles", { viewRule: "@request.auth.id != ''", fields: [text("id"), text("name")] }),
  followed("vaults", { viewRule: null, fields: [text("id"), text("code", true)] }),
  followed("covers", { indexes: unique, fields: [text("id"), relation("journal", "journals")] }),
  followed("reviews", {
    viewRule: "@request.context = 'expand' && @request.query.stars = stars",
    fields: [text("id"), relation("journal", "journals"), { name: "stars", type: "number" }],
  }),
];

const rows: readonly (readonly [collection: string, record: Readonly<Record<string, unknown>>])[] = [
  ["writers", { id: "w1", email: "w1@x.org", name: "Ann", phone: "1", circle: "c1", tokenKey: "k" }],
  ["subjects", { id: "s1", label: "a<b" }],
  ["subjects", { id: "s2", label: "secret" }],
  ["subjects", { id: "s3", label: "c" }],
  ["circles", { id: "c1", name: "C" }],
  ["vaults", { id: "v1", code: "7" }],
  ["journals", { id: "j0" }],
  ["covers", { id: "v1", journal: "j1" }],
  ["reviews", { id: "r1", journal: "j1", stars: 5 }],
  ["reviews", { id: "r2", journal: "j1", stars: 3 }],
  ["reviews", { id: "r3", journal: "j0", stars: 5 }],
];

const journal = { id: "j1", writer: "w1", subjects: ["s3", "s2", "s1", "s9"], vault: "v1" };

function written(collection: string, members: string): string {
  return `{"collectionId":"pbc_${collection}","collectionName":"${collection}",${members}}`;
}

const circle = written("circles", '"id":"c1","name":"C"');
const writer = (email: string, phone = "", expand = ""): string =>
  `{"circle":"c1","collectionId":"pbc_writers","collectionName":"writers",${email}"emailVisibility":false,${expand}"id":"w1","name":"Ann"${phone},"verified":false}`;
const email = '"email":"w1@x.org",';
const [first, secret, third] = [
  written("subjects", String.raw`"id":"s1","label":"a\u003cb"`),
  written("subjects", '"id":"s2","label":"secret"'),
  written("subjects", '"id":"s3","label":"c"'),
];
const review = (id: string, stars: number): string =>
  written("reviews", `"id":"${id}","journal":"j1","stars":${stars}`);

type Who = "guest" | "stranger" | "owner" | "manager" | "superuser";

function tokenFor(target: Target, who: Who): Promise<string> {
  switch (who) {
    case "guest":
      return Promise.resolve("");
    case "stranger":
      return tokenOf(target, "w1", "users");
    case "owner":
      return tokenOf(target, "w1", "pbc_writers");
    case "manager":
      return tokenOf(target, "boss", "pbc_writers");
    case "superuser":
      return Promise.resolve(tokensOf(target).superuser);
  }
}

/** What is asked for by whom, and what stands under `expand`; nothing where the key is not there. */
const asked: readonly (readonly [what: string, expand: string, who: Who, expected: string | undefined])[] = [
  ["a relation of one as an object", "writer", "guest", `{"writer":${writer("")}}`],
  [
    "a relation of several in stored order, without what may not be seen or is not there",
    "subjects",
    "guest",
    `{"subjects":[${third},${first}]}`,
  ],
  [
    "what nobody may view to superusers",
    "subjects",
    "superuser",
    `{"subjects":[${third},${secret},${first}]}`,
  ],
  ["nothing of a collection that is for superusers", "vault", "owner", undefined],
  [
    "hidden fields to superusers",
    "vault",
    "superuser",
    `{"vault":{"code":"7","collectionId":"pbc_vaults","collectionName":"vaults","id":"v1"}}`,
  ],
  ["an e-mail to its owner", "writer", "owner", `{"writer":${writer(email)}}`],
  ["no e-mail to that id of another collection", "writer", "stranger", `{"writer":${writer("")}}`],
  ["an e-mail to a manager", "writer", "manager", `{"writer":${writer(email)}}`],
  [
    "an e-mail and what is hidden to superusers, and no secret",
    "writer",
    "superuser",
    `{"writer":${writer(email, ',"phone":"1"')}}`,
  ],
  [
    "two steps",
    "writer.circle",
    "stranger",
    `{"writer":${writer("", "", `"expand":{"circle":${circle}},`)}}`,
  ],
  ["two steps, the second empty", "writer.circle", "guest", `{"writer":${writer("", "", '"expand":{},')}}`],
  ["nothing of a path that fails at its end", "writer.nowhere", "owner", undefined],
  ["paths beside one that fails", "vault, .writer. ,nowhere,writer", "guest", `{"writer":${writer("")}}`],
  ["an empty object where there is nothing", "parent", "guest", "{}"],
  ["nothing by an empty path", " ,.", "guest", undefined],
  ["a back relation", "reviews_via_journal", "guest", `{"reviews_via_journal":[${review("r1", 5)}]}`],
  [
    "a back relation of one",
    "covers_via_journal",
    "guest",
    `{"covers_via_journal":${written("covers", '"id":"v1","journal":"j1"')}}`,
  ],
  [
    "a back relation in the old form",
    "reviews(journal)",
    "guest",
    `{"reviews(journal)":[${review("r1", 5)}]}`,
  ],
  [
    "a back relation to superusers",
    "reviews_via_journal",
    "superuser",
    `{"reviews_via_journal":[${review("r1", 5)},${review("r2", 3)}]}`,
  ],
];

function dataOf(action: string, expand: string | undefined): string {
  const member = expand === undefined ? "" : `"expand":${expand},`;
  return `{"record":${written("journals", `${member}"id":"j1","parent":"","subjects":["s3","s2","s1","s9"],"vault":"v1","writer":"w1"`)},"action":"${action}"}`;
}

async function writeRows(target: Target): Promise<void> {
  await publish(
    target,
    rows.map(([collection, record]) => ({ collection, action: "create", record })),
  );
}

/** A write of the one writer. */
const change = (action: string, name: string): unknown => ({
  collection: "writers",
  action,
  record: { id: "w1", name },
});

const sluiceNeeds: readonly Need[] = ["sluice", ...ownNeeds];

/** PocketBase keeps no id of a record that is not there, such as the last subject, and none of one that is created only then. */
function isBeyondPocketBase(expand: string): boolean {
  return /subjects|_via_|\(/.test(expand);
}

/** The option `expand`: related records inside. */
export const expandCases: readonly Case[] = [
  ...asked.map(([what, expand, who, expected]): Case => ({
    name: `expand=${expand} brings a ${who} ${what}`.replace("a owner", "an owner"),
    needs: isBeyondPocketBase(expand) ? sluiceNeeds : ownNeeds,
    run: async (target) => {
      await writeRows(target);
      const token = await tokenFor(target, who);
      const topic = withOptions("journals/*", { query: { expand, stars: 5 } });
      for (const action of ["create", "delete"]) {
        const event = { collection: "journals", action, record: journal };
        const data = await dataHeard(target, [topic], { event, token });
        assert.deepEqual(data, { [topic]: dataOf(action, expected) });
      }
    },
  })),
  {
    name: "fields pick within what is expanded",
    needs: sluiceNeeds,
    run: async (target) => {
      await writeRows(target);
      const query = {
        expand: "writer,subjects",
        fields: "id,expand.writer.name,expand.subjects.label:excerpt(1)",
      };
      const topic = withOptions("journals/*", { query });
      const event = { collection: "journals", action: "update", record: journal };
      assert.deepEqual(await dataHeard(target, [topic], { event }), {
        [topic]:
          '{"record":{"expand":{"subjects":[{"label":"c"},{"label":"a"}],"writer":{"name":"Ann"}},"id":"j1"},"action":"update"}',
      });
    },
  },
  {
    name: "what is expanded is as it was written last",
    needs: sluiceNeeds,
    run: async (target) => {
      await writeRows(target);
      const topic = withOptions("journals/*", { query: { expand: "writer", fields: "expand.writer.name" } });
      const event = { collection: "journals", action: "update", record: journal };
      const expanded = async (): Promise<string | undefined> =>
        (await dataHeard(target, [topic], { event }))[topic];
      await publish(target, [change("update", "Eve")]);
      assert.equal(await expanded(), '{"record":{"expand":{"writer":{"name":"Eve"}}},"action":"update"}');
      await publish(target, [change("delete", "Eve")]);
      assert.equal(await expanded(), '{"record":{"expand":{}},"action":"update"}');
    },
  },
];

import assert from "node:assert/strict";
import { dataHeard, filtered, ownNeeds, tokenOf } from "./hearing.ts";
import { assertPicked, type Picking, picking, story, wholeStory } from "./picking.ts";
import { type Case, heardBy, subscribe, tokensOf, withStream } from "./target.ts";

/** The record of PocketBase's own cases. */
const vector = {
  id: "123",
  title: "lorem",
  rel: { title: "<p>rel_title</p>", id: "456", sub: { title: "sub_title", id: "789" } },
};

const sortedStory = wholeStory
  .replace('{"b":1,"a":2}', '{"a":2,"b":1}')
  .replace('"z":1,"a":{"d":1,"c":2}', '"a":{"c":2,"d":1},"z":1');

const vectorRows: readonly (readonly [fields: string, picked: string])[] = [
  [
    "*,rel.id",
    '{"collectionId":"vectors","collectionName":"vectors","id":"123","rel":{"id":"456"},"title":"lorem"}',
  ],
  [
    "id,rel.*,rel.sub.id",
    String.raw`{"id":"123","rel":{"id":"456","sub":{"id":"789"},"title":"\u003cp\u003erel_title\u003c/p\u003e"}}`,
  ],
  [
    "*:excerpt(2),rel.title:excerpt(3, true)",
    '{"collectionId":"ve","collectionName":"ve","id":"12","rel":{"title":"rel..."},"title":"lo"}',
  ],
];

/** What `fields` picks of the story, or of one that differs in some fields. */
const rows: readonly (readonly [
  what: string,
  fields: unknown,
  picked: string,
  record?: Picking["record"],
])[] = [
  ["one field", "id", '{"id":"s1"}'],
  ["fields in any order, which come sorted", "title,id", '{"id":"s1","title":"lorem ipsum"}'],
  ["fields with blanks around", " title ,\t id\n", '{"id":"s1","title":"lorem ipsum"}'],
  ["what is not there, which is left out", "id,missing", '{"id":"s1"}'],
  ["only what is not there: an empty record", "missing", "{}"],
  ["nothing: everything", "", wholeStory],
  ["null: everything", null, wholeStory],
  ["a number, which is no name of a field", 5, "{}"],
  [
    "the collection, where it is listed",
    "collectionId,collectionName",
    '{"collectionId":"pbc_stories","collectionName":"stories"}',
  ],
  ["a name in front, which means nothing, and never the action", "record.id,action", "{}"],
  ["everything, with keys sorted within values too", "*", sortedStory],
  ["a json field, its keys sorted", "meta", '{"meta":{"a":{"c":2,"d":1},"z":1}}'],
  [
    "keys in byte order beyond the first 65,536 characters",
    "meta",
    '{"meta":{"\uff5e":1,"\u{1f600}":2}}',
    { meta: { "\u{1f600}": 2, "\uff5e": 1 } },
  ],
  ["within an object", "meta.a.c", '{"meta":{"a":{"c":2}}}'],
  ["what is not there within an object: an empty one", "meta.a.missing", '{"meta":{"a":{}}}'],
  ["a star within an object, but what is listed", "meta.*,meta.a.c", '{"meta":{"a":{"c":2},"z":1}}'],
  ["an object and its part: the whole object", "meta,meta.z", '{"meta":{"a":{"c":2,"d":1},"z":1}}'],
  ["a part and its object: the whole object", "meta.z,meta", '{"meta":{"a":{"c":2,"d":1},"z":1}}'],
  ["within a list of objects", "list.a", '{"list":[{"a":2},{"a":3}]}'],
  [
    "within lists in lists",
    "list.D.DA",
    '{"list":[{"D":[{"DA":1},{"DA":2},{}]},{}]}',
    { list: [{ C: 0, D: [{ DA: 1 }, { DA: 2, DB: 3 }, { DB: 4 }] }, { C: 1 }] },
  ],
  ["within a list of texts, which stays", "tags.a", '{"tags":["y","x"]}'],
  [
    "within a list that does not begin with an object, which stays",
    "list.a",
    '{"list":[[],{"a":2,"b":1}]}',
    { list: [[], { b: 1, a: 2 }] },
  ],
  ["within texts and numbers, which stay", "title.a,score.a", '{"score":5,"title":"lorem ipsum"}'],
  ["within an empty list, which stays", "list.a", '{"list":[]}', { list: [] }],
  ["a name in quotes, which are part of it", "'id',\"title\",`score`,tags", '{"tags":["y","x"]}'],
  ["quotes, in which a comma separates nothing", "'id,title',\"score,tags\",`id,tags`", "{}"],
  ["brackets, in which a comma separates nothing", "(id,title),score", '{"score":5}'],
  ["a name in another case, which is another", "ID,Title,score", '{"score":5}'],
  [
    "a text, escaped as ever",
    "title",
    String.raw`{"title":"\u003c\u0026\u003e\u2028"}`,
    { title: "<&>\u2028" },
  ],
  [
    "keys in byte order",
    "meta",
    '{"meta":{"10":1,"9":2,"Z":3,"_":4,"a":5,"é":6}}',
    { meta: { é: 6, a: 5, _: 4, Z: 3, 9: 2, 10: 1 } },
  ],
];

/** A record of the auth collection `members`, whose e-mail, secrets and hidden phone are asked for. */
function member(emailVisibility: boolean): unknown {
  const secrets = { password: "$2a$hash", tokenKey: "k1", phone: "1" };
  const record = { ...secrets, id: "m1", name: "Ann", email: "m1@x.org", emailVisibility };
  return { collection: "members", action: "update", record };
}

/** The option `fields`: which part of a record comes. */
export const pickerCases: readonly Case[] = [
  ...vectorRows.map(([fields, picked]): Case => ({
    name: `fields=${fields} picks what PocketBase's own case says`,
    needs: ownNeeds,
    run: async (target) => {
      const topic = picking("vectors/*", fields);
      const event = { collection: "vectors", action: "create", record: vector };
      const written = `{"record":${picked},"action":"create"}`;
      assert.deepEqual(await dataHeard(target, [topic], { event }), { [topic]: written });
    },
  })),
  ...rows.map(([what, fields, picked, record]): Case => ({
    name: `fields pick ${what}`,
    needs: ownNeeds,
    run: (target) => assertPicked(target, { fields, picked, record }),
  })),
  {
    name: "a hidden field can be picked by superusers alone",
    needs: ownNeeds,
    run: async (target) => {
      const { userA, superuser } = tokensOf(target);
      for (const token of ["", userA]) {
        await assertPicked(target, { fields: "secret,id", picked: '{"id":"s1"}', token });
        await assertPicked(target, { fields: "secret:excerpt(9)", picked: "{}", token });
        await assertPicked(target, { fields: "*,secret", picked: sortedStory, token });
        await assertPicked(target, { fields: "secret:lower", picked: wholeStory, token });
      }
      const picked = '{"id":"s1","secret":"s"}';
      await assertPicked(target, { fields: "secret,id", picked, token: superuser });
    },
  },
  {
    name: "an e-mail address can be picked by who may see it, a secret by nobody",
    needs: ownNeeds,
    run: async (target) => {
      const topic = picking("members/*", "email,id,password,tokenKey,phone");
      const { userA, superuser } = tokensOf(target);
      const owner = await tokenOf(target, "m1", "pbc_members");
      const manager = await tokenOf(target, "boss", "users");
      const withEmail = '"email":"m1@x.org","id":"m1"';
      const seen = [
        { token: "", visible: false, picked: '"id":"m1"' },
        { token: userA, visible: false, picked: '"id":"m1"' },
        { token: "", visible: true, picked: withEmail },
        { token: owner, visible: false, picked: withEmail },
        { token: manager, visible: false, picked: withEmail },
        { token: superuser, visible: false, picked: `${withEmail},"phone":"1"` },
      ];
      for (const { token, visible, picked } of seen) {
        const data = await dataHeard(target, [topic], { event: member(visible), token });
        assert.deepEqual(data, { [topic]: `{"record":{${picked}},"action":"update"}` });
      }
    },
  },
  {
    name: "subscriptions of one stream with different fields get different payloads of one event",
    needs: ownNeeds,
    run: async (target) => {
      const [id, title] = [picking("stories/*", "id"), picking("stories/*", "title")];
      const event = { collection: "stories", action: "delete", record: story };
      assert.deepEqual(await dataHeard(target, [id, "stories/*", title], { event }), {
        [id]: '{"record":{"id":"s1"},"action":"delete"}',
        "stories/*": `{"record":${wholeStory},"action":"delete"}`,
        [title]: '{"record":{"title":"lorem ipsum"},"action":"delete"}',
      });
    },
  },
  {
    name: "streams with the same fields each get what they may see of one event",
    needs: ownNeeds,
    run: (target) =>
      withStream(target, (guest) =>
        withStream(target, async (superuser) => {
          const topic = picking("stories/*", "secret,id");
          await subscribe(target, { clientId: guest.clientId, subscriptions: [topic] });
          const { superuser: token } = tokensOf(target);
          const events = [{ collection: "stories", action: "create", record: story }];
          const [frame] = await heardBy(target, superuser, { subscriptions: [topic], events, token });
          assert.equal(frame?.data, '{"record":{"id":"s1","secret":"s"},"action":"create"}');
          const { data } = await guest.waitFor(({ event }) => event === topic, "the guest's frame");
          assert.equal(data, '{"record":{"id":"s1"},"action":"create"}');
        }),
      ),
  },
  {
    name: "a filter reads fields that are not picked",
    needs: ownNeeds,
    run: async (target) => {
      const fields = "id";
      const passed = filtered("stories/*", "score = 5", { fields });
      const refused = filtered("stories/*", "score = 6", { fields });
      const event = { collection: "stories", action: "update", record: story };
      assert.deepEqual(await dataHeard(target, [passed, refused], { event }), {
        [passed]: '{"record":{"id":"s1"},"action":"update"}',
      });
    },
  },
];

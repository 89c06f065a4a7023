import { guest, type Identity, type JsonObject, type RecordEvent } from "@sluice/protocol";
import type { RecordRow } from "@sluice/rules";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { collectionSet, openRecordingHub, superuser } from "../../../test/harness/recording-hub.ts";
import { RowTable } from "../../../test/rules/row-table.ts";
import type { Client } from "./client.ts";
import { CollectionAccess } from "./collection-access.ts";
import { explainForClient } from "./explanation.ts";

const text = (name: string): JsonObject => ({ name, type: "text" });

const relation = (name: string, target: string): JsonObject => ({
  name,
  type: "relation",
  collectionId: target,
});

const fields: Readonly<Record<string, readonly JsonObject[]>> = {
  posts: [text("room"), relation("author", "users"), { name: "flag", type: "bool" }],
  users: [text("role"), { name: "email", type: "email" }, relation("team", "teams")],
  members: [text("room"), relation("user", "users"), { ...relation("post", "posts"), maxSelect: 9 }],
  teams: [text("name"), relation("owner", "users")],
};

const names = Object.keys(fields);

const someRule = fc.constantFrom(
  "",
  null,
  "author = @request.auth.id",
  "@request.auth.role:each ?= room",
  "@request.auth.team.name = room",
  "@request.auth.members_via_user.room ?= room",
  "@collection.members.user ?= @request.auth.id && @collection.members.room ?= room",
  "@collection.members.room ?= room && @collection.members.user ?= @request.auth.id && flag = true",
  "members_via_post.user ?= @request.auth.id",
  "author.team.owner = @request.auth.id || members_via_post.room ?= @request.auth.role",
  "@request.auth.email != '' && author.role = @request.auth.role",
);

const someOtherRule = fc.constantFrom("", null, "id != 'u1'", "@request.auth.role = 'r1'");

const someCollections = fc.tuple(someRule, someRule, someOtherRule).map(([listRule, viewRule, otherRule]) =>
  collectionSet(
    ...names.map((name) => {
      const isOfPosts = name === "posts";
      const rules = isOfPosts ? { listRule, viewRule } : { listRule: "", viewRule: otherRule };
      const type = name === "users" ? "auth" : "base";
      return { id: name, name, type, ...rules, manageRule: otherRule, fields: fields[name] };
    }),
  ),
);

const someId = fc.constantFrom("u1", "u2", "u3");
const someRoom = fc.constantFrom("r1", "r2", "");

/** A row of any of the collections: it has all that any of them has, and some more or less. */
const someRow = fc.record(
  {
    room: someRoom,
    name: someRoom,
    role: someRoom,
    email: fc.constantFrom("", "e"),
    team: someId,
    owner: someId,
    author: someId,
    user: someId,
    post: fc.oneof(someId, fc.subarray(["u1", "u2"])),
    flag: fc.boolean(),
  },
  { requiredKeys: ["room", "name", "author", "owner", "post", "flag"] },
);

const someIdentity: fc.Arbitrary<Identity> = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(guest, superuser) },
  {
    weight: 6,
    arbitrary: fc.tuple(someId, someRow).map(([id, claims]) => ({
      kind: "record" as const,
      id,
      collectionId: "users",
      collectionName: "users",
      claims,
    })),
  },
);

const topics = [
  "posts/*",
  "posts/u1",
  "users/*",
  ...[
    { filter: "room = 'r1'" },
    { filter: "room = 'r1' || room = 'r2'", expand: "members_via_post" },
    { filter: "members_via_post.room ?= 'r1'", leave: "true" },
    { expand: "author.team", leave: "true" },
  ].map((query) => `posts/*?options=${encodeURIComponent(JSON.stringify({ query }))}`),
];

/** By client. */
type Frames = Record<string, readonly string[]>;

/** A hub, and what its rows are to be. */
class Scene {
  readonly recording = openRecordingHub();
  readonly rows = new Map<string, Map<string, RecordRow>>();
  collections = collectionSet();
  /** What each client got of the last event, and what it had to get. */
  readonly got: Frames = {};
  readonly expected: Frames = {};
  #entry = 0;

  /** Dispatches an event; everybody has to get of it what is explained to them alone. */
  dispatch(event: RecordEvent): void {
    const { hub, place, flush } = this.recording;
    const { collection: name, action, record } = event;
    if (action !== "delete") this.rows.get(name)?.set(record.id, record);
    // a deletion takes identities away behind it
    const before = new Map(Array.from(hub.clients, ({ id, identity }) => [id, identity]));
    this.#entry += 1;
    place.entry = `${this.#entry}-0`;
    hub.dispatchRecord(event, place.entry);
    const texts = flush();
    const table = new RowTable(new Map([...this.rows].map(([key, some]) => [key, [...some.values()]])));
    const access = new CollectionAccess(this.collections, table);
    for (const { id, identity: now, subscriptions } of hub.clients) {
      const identity = action === "delete" ? (before.get(id) ?? guest) : now;
      const frames = (texts[id] ?? "").matchAll(/^event:(.*\ndata:.*)$/gm);
      this.expected[id] = this.#explained(event, { identity, subscriptions }, access).toSorted();
      this.got[id] = Array.from(frames, ([, frame = ""]) => frame).toSorted();
    }
    if (action === "delete") this.rows.get(name)?.delete(record.id);
  }

  #explained(
    event: RecordEvent,
    client: Pick<Client, "identity" | "subscriptions">,
    access: CollectionAccess,
  ): readonly string[] {
    const { collections } = this;
    const place = { collections, access, nowMs: Date.UTC(2026, 0, 1), most: 99, steadyMs: () => 0 };
    return explainForClient(event, client, place).flatMap((explained) => {
      if (explained.outcome === "unmatched") return [];
      const data = explained.outcome === "delivered" ? explained.data : explained.leave;
      return data === undefined ? [] : [`${explained.subscription}\ndata:${data}`];
    });
  }
}

const someClientId = fc.nat(9).map((index) => `c${index}`);
const someName = fc.constantFrom(...names);
const someAction = fc.constantFrom("create", "update", "update", "delete");

type Step = (scene: Scene) => void;

const someApply: fc.Arbitrary<Step> = fc
  .tuple(someClientId, fc.subarray(topics), someIdentity)
  .map((change) => (scene) => scene.recording.subscribe(...change));

const someRules: fc.Arbitrary<Step> = someCollections.map((collections) => (scene) => {
  scene.collections = collections;
  scene.recording.hub.setCollections(collections);
});

function someLoadOf(name: string): fc.Arbitrary<Step> {
  return fc.array(someRow, { maxLength: 3 }).map((some) => ({ recording: { hub, records }, rows }) => {
    const own = new Map(some.map((row, index) => [`u${index + 1}`, { ...row, id: `u${index + 1}` }]));
    const load = records.begin(name);
    for (const [id, row] of own) load.put(id, row);
    hub.finishLoad(name, load);
    rows.set(name, own);
  });
}

const someDrop: fc.Arbitrary<Step> = someName.map((name) => ({ recording: { hub }, rows }) => {
  hub.dropRecords(name);
  rows.delete(name);
});

const someDispatch: fc.Arbitrary<Step> = fc
  .tuple(fc.oneof(fc.constant("posts"), someName), someAction, someId, someRow)
  .map(([collection, action, id, row]) => (scene) => {
    const record = { ...row, id };
    const before = { ...record, ...scene.rows.get(collection)?.get(id) };
    scene.dispatch({ kind: "record", collection, action, record, before });
  });

const someSteps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: someApply },
    {
      weight: 1,
      arbitrary: someClientId.map(
        (id): Step =>
          ({ recording: { hub } }) =>
            hub.remove(id),
      ),
    },
    { weight: 2, arbitrary: someName.chain(someLoadOf) },
    { weight: 1, arbitrary: someDrop },
    { weight: 1, arbitrary: someRules },
    { weight: 16, arbitrary: someDispatch },
  ),
  { minLength: 60, maxLength: 100, size: "max" },
);

const someStart = fc.tuple(someRules, ...names.map(someLoadOf), ...topics.map(() => someApply));

test(
  "P6: everybody gets what they may see now, whatever rows, rules, identities and subscriptions were before",
  { timeout: 60_000 },
  () => {
    let delivered = 0;
    const check = fc.property(someStart, someSteps, (start, steps) => {
      const scene = new Scene();
      for (const step of [...start, ...steps]) {
        step(scene);
        expect(scene.got).toEqual(scene.expected);
        delivered += Object.values(scene.got).flat().length;
      }
    });
    fc.assert(check, { numRuns: 60 });
    expect(delivered).toBeGreaterThan(1_000);
  },
);

import { fileURLToPath } from "node:url";
import { EventSource } from "eventsource";
import type PocketBase from "pocketbase-0.28";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type GatewayProcess, startGateways } from "../harness/gateway-process.ts";
import { uniqueKeyPrefix } from "../harness/key-prefix.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { type BridgeProcess, startBridge } from "./bridge-process.ts";
import { type PocketBaseProcess, startPocketBase, superuser } from "./pocketbase-process.ts";
import { type RoutingProxy, startRoutingProxy } from "./routing-proxy.ts";
import { createUser, importCollections, signInSuperuser, signInUser } from "./signed-in.ts";

Object.assign(globalThis, { EventSource });

const text = (name: string, more: object = {}): object => ({ name, type: "text", ...more });
const relation = (name: string, collectionId: string, maxSelect = 1): object => {
  return { name, type: "relation", collectionId, maxSelect };
};

const usersId = "_pb_users_auth_";

/** Rules as real apps have them: over a relation, over a join, over the row of who is signed in. */
const collections: readonly object[] = [
  {
    id: "pbc_teams00000",
    name: "teams",
    type: "base",
    listRule: "members.id ?= @request.auth.id",
    viewRule: "members.id ?= @request.auth.id",
    fields: [text("name"), relation("members", usersId, 10)],
  },
  {
    id: "pbc_bans000000",
    name: "bans",
    type: "base",
    fields: [relation("user", usersId), relation("team", "pbc_teams00000")],
  },
  {
    id: "pbc_posts00000",
    name: "posts",
    type: "base",
    listRule: "team.members.id ?= @request.auth.id || title = 'end'",
    viewRule: "@request.auth.name = 'ann'",
    fields: [
      text("title"),
      text("secret", { hidden: true }),
      relation("author", usersId),
      relation("team", "pbc_teams00000"),
    ],
  },
  {
    id: "pbc_polls00000",
    name: "polls",
    type: "base",
    listRule:
      "@request.auth.id != '' && @collection.bans.user != @request.auth.id && team.name ~ @request.query.team",
    viewRule: "",
    fields: [text("question"), relation("team", "pbc_teams00000")],
  },
];

let pocketBase: PocketBaseProcess;
let nodes: readonly GatewayProcess[] = [];
let bridge: BridgeProcess;
let proxy: RoutingProxy;
let root: PocketBase;

beforeAll(async () => {
  const hooksDir = fileURLToPath(new URL("../../docs/pocketbase", import.meta.url));
  pocketBase = await startPocketBase({ hooksDir });
  root = await signInSuperuser(pocketBase.url);
  await importCollections(root, collections);
  const redis = { REDIS_URL: inject("redisUrl"), KEY_PREFIX: uniqueKeyPrefix() };
  bridge = await startBridge({
    ...redis,
    PB_URL: pocketBase.url,
    PB_EMAIL: superuser.email,
    PB_PASSWORD: superuser.password,
  });
  // no secret of their own: PocketBase's tokens are verified by each record's token key
  nodes = await startGateways(2, { ...redis, AUTH_SECRET: "" });
  proxy = await startRoutingProxy(
    pocketBase.url,
    nodes.map(({ url }) => url),
  );
});

afterAll(async () => {
  proxy?.close();
  await bridge?.kill();
  await Promise.all(nodes.map((node) => node.kill()));
  await pocketBase?.close();
});

/** What somebody's listeners got, in order. */
interface Heard {
  readonly lines: readonly string[];
  readonly close: () => Promise<void>;
}

const filter = "title != 'noise'";

/** The app: it signs in, and listens with options. The same code runs against PocketBase and through the proxy. */
async function runApp(url: string, name: string | undefined, authorId: string): Promise<Heard> {
  const client = await signInUser(url, name);
  const lines: string[] = [];
  const note =
    (what: string) =>
    (event: unknown): void =>
      void lines.push(`${what} ${JSON.stringify(event)}`);
  const posts = client.collection("posts");
  await Promise.all([
    posts.subscribe("*", note("posts"), { filter, expand: "author,team.members,team" }),
    posts.subscribe("*", note("titles"), { fields: "id,title,expand.author.name", expand: "author" }),
    client.collection("polls").subscribe("*", note("polls"), { query: { team: "red" } }),
    client.collection("teams").subscribe("*", note("teams"), { expand: "members" }),
    client.collection("users").subscribe(authorId, note("user")),
  ]);
  return { lines, close: () => client.realtime.unsubscribe() };
}

test("P1: the same app hears the same of PocketBase directly and through the bridge and two nodes", async () => {
  const ann = await createUser(root, "ann");
  const bob = await createUser(root, "bob");
  const cid = await createUser(root, "cid");
  const red = await root.collection("teams").create({ name: "red", members: [ann] });
  const blue = await root.collection("teams").create({ name: "blue", members: [bob] });

  const people = ["ann", "bob", "cid", undefined];
  const listen = (url: string): Promise<readonly Heard[]> => {
    return Promise.all(people.map((name) => runApp(url, name, ann)));
  };
  const [direct, bridged] = [await listen(pocketBase.url), await listen(proxy.url)];

  const posts = root.collection("posts");
  const first = await posts.create({ title: "one", secret: "s", author: ann, team: red.id });
  await posts.create({ title: "noise", author: bob, team: red.id });
  const second = await posts.create({ title: "two", author: bob, team: blue.id });
  await root.collection("teams").update(red.id, { "members+": cid });
  await posts.update(first.id, { title: "one again" });
  await root.collection("teams").update(red.id, { "members-": ann });
  await posts.update(first.id, { title: "one for cid", author: cid });
  await root.collection("users").update(ann, { name: "Ann", emailVisibility: true });
  await root.collection("polls").create({ question: "free?", team: red.id });
  const ban = await root.collection("bans").create({ user: cid, team: red.id });
  await root.collection("polls").create({ question: "banned?", team: red.id });
  await root.collection("bans").delete(ban.id);
  await root.collection("polls").create({ question: "blue?", team: blue.id });
  await posts.update(second.id, { team: red.id });
  await posts.delete(second.id);
  await root.collection("teams").delete(blue.id);
  await posts.create({ title: "end", author: ann });

  for (const heard of [...direct, ...bridged]) {
    const hasEnded = (): boolean => heard.lines.some((line) => /^posts .*"end"/.test(line));
    await waitUntil(hasEnded, "the last post", 15_000);
  }
  for (const [at, name] of people.entries()) {
    // PocketBase promises no order of frames
    const expected = direct[at]?.lines.toSorted();
    expect(bridged[at]?.lines.toSorted(), `what ${name ?? "a guest"} hears`).toEqual(expected);
  }
  expect(direct.map(({ lines }) => lines.length > 2)).toEqual([true, true, true, false]);
  await Promise.all([...direct, ...bridged].map((heard) => heard.close()));
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PlayCollection } from "@sluice/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { demoCollectionsFile } from "../../../../test/harness/cluster.ts";
import { type GatewayProcess, startGateway } from "../../../../test/harness/gateway-process.ts";
import { postSubscriptions, publish } from "../../../../test/harness/realtime-client.ts";
import { SseReader } from "../../../../test/harness/sse-reader.ts";
import { signSuperuserToken, signToken } from "../../../../test/harness/tokens.ts";
import { waitUntil } from "../../../../test/harness/wait-until.ts";

let gateway: GatewayProcess;
let superuser: string;
beforeAll(async () => {
  gateway = await startGateway({ PLAYGROUND: "true" });
  superuser = await signSuperuserToken();
});
afterAll(() => gateway.kill());

interface Answer<Body = unknown> {
  readonly status: number;
  readonly body: Body;
}

async function send<Body>(
  method: string,
  path: string,
  value?: unknown,
  more: Partial<Sender> = {},
): Promise<Answer<Body>> {
  const { url, token } = { url: gateway.url, token: superuser, ...more };
  const headers = { Authorization: token, "Content-Type": "application/json" };
  const sent = value === undefined ? {} : { body: JSON.stringify(value) };
  const answer = await fetch(`${url}/api/console${path}`, { method, headers, ...sent });
  const body: Body = JSON.parse(await answer.text());
  return { status: answer.status, body };
}

interface Sender {
  readonly url: string;
  readonly token: string;
}

const put = (name: string, value: unknown): Promise<Answer> =>
  send("PUT", `/play/collections/${name}`, value);

async function rulesOf(name: string): Promise<PlayCollection | undefined> {
  type Listed = { readonly collections: readonly PlayCollection[] };
  const { body } = await send<Listed>("GET", "/play/collections");
  return body.collections.find((collection) => collection.name === name);
}

describe("the rules of a collection", () => {
  test("are changed for the next event", async () => {
    const stream = await SseReader.open(gateway.url);
    await postSubscriptions(gateway.url, stream.clientId, ["posts/*", "end"]);
    expect(await put("posts", { listRule: "title = 'seen'" })).toEqual({
      status: 200,
      body: { warnings: [] },
    });
    expect(await rulesOf("posts")).toEqual({
      name: "posts",
      type: "base",
      listRule: "title = 'seen'",
      viewRule: "",
    });
    const events = ["seen", "unseen"].map((title) => ({
      collection: "posts",
      action: "create",
      record: { id: title, title },
    }));
    await publish(gateway.url, [...events, { topic: "end" }], superuser);
    await stream.waitFor(({ event }) => event === "end", "the end");
    expect(stream.events("posts/*").map(({ data }) => JSON.parse(data ?? "").record.id)).toEqual(["seen"]);
    stream.close();
  });

  test("that are hardly meant are taken with a warning", async () => {
    const { status, body } = await put("audits", { listRule: "what = @request.auth.id" });
    expect(status).toBe(200);
    expect(body).toMatchObject({ warnings: [{ rule: "listRule", position: 0 }] });
  });

  test.each<[value: unknown, errors: unknown]>([
    [
      { listRule: "title = ", viewRule: "nothing = 1" },
      {
        listRule: { code: "validation_invalid_rule", params: { position: 8 } },
        viewRule: { code: "validation_invalid_rule", params: { position: 0 } },
      },
    ],
    [{ viewRule: 7 }, { viewRule: { code: "validation_invalid_rule" } }],
  ])("%j are refused with where they are broken, and the old ones stay", async (value, data) => {
    const before = await rulesOf("users");
    expect(await put("users", value)).toMatchObject({ status: 400, body: { status: 400, data } });
    expect(await rulesOf("users")).toEqual(before);
  });

  test("that is not there cannot be changed", async () => {
    expect((await put("nothing", { listRule: "" })).status).toBe(404);
  });
});

describe("a token", () => {
  test("is who it says, with its claims", async () => {
    const asked = { collection: "users", id: "u1", claims: { role: "editor", id: "other", exp: 1 } };
    const { status, body } = await send<{ readonly token: string }>("POST", "/play/tokens", asked);
    expect(status).toBe(200);
    const { token } = body;
    const stream = await SseReader.open(gateway.url);
    expect((await postSubscriptions(gateway.url, stream.clientId, ["news"], token)).status).toBe(204);
    const rule = '@request.auth.id = "u1" && @request.auth.role = "editor"';
    await publish(gateway.url, { topic: "news", rule, data: 1 }, superuser);
    await stream.waitFor(({ event }) => event === "news", "the message");
    stream.close();
  });

  test.each([
    { collection: "_superusers", id: "root" },
    { collection: "pbc_3142635823", id: "root" },
    { collection: "posts", id: "p1" },
    { collection: "nothing", id: "u1" },
    { collection: "users", id: "" },
    { collection: "users", id: "u1", claims: [] },
    [],
  ])("is not signed for %j", async (asked) => {
    expect(await send("POST", "/play/tokens", asked)).toMatchObject({ status: 400 });
  });
});

test("a token is good for a record that has a key of its own", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-playground-"));
  const file = join(folder, "collections.json");
  const users = { id: "users_id", name: "users", type: "auth", fields: [], authToken: { secret: "theirs" } };
  await writeFile(file, JSON.stringify([users]));
  const { url, kill } = await startGateway({ PLAYGROUND: "true", COLLECTIONS_FILE: file });
  const record = { id: "u1", tokenKey: "a key" };
  await publish(url, { collection: "users", action: "create", record }, superuser);
  const asked = { collection: "users", id: "u1" };
  const { body } = await send<{ readonly token: string }>("POST", "/play/tokens", asked, { url });
  const stream = await SseReader.open(url);
  expect((await postSubscriptions(url, stream.clientId, ["news", "end"], body.token)).status).toBe(204);
  const rule = '@request.auth.id = "u1"';
  await publish(url, [{ topic: "news", rule }, { topic: "end" }], superuser);
  await stream.waitFor(({ event }) => event === "end", "the end");
  expect(stream.events("news")).toHaveLength(1);
  stream.close();
  await kill();
  await rm(folder, { recursive: true });
});

test("P6: no superuser's token is signed for a collection that has their collection's id", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-playground-"));
  const file = join(folder, "collections.json");
  await writeFile(file, '[{"id":"pbc_3142635823","name":"admins","type":"auth","fields":[]}]');
  const own = await startGateway({ PLAYGROUND: "true", COLLECTIONS_FILE: file });
  const asked = { collection: "admins", id: "root" };
  expect(await send("POST", "/play/tokens", asked, { url: own.url })).toMatchObject({ status: 400 });
  await own.kill();
  await rm(folder, { recursive: true });
});

test("guests and auth records change nothing and get no token", async () => {
  const user = await signToken("u1");
  for (const [token, status] of [
    ["", 401],
    [user, 403],
  ] as const) {
    expect((await send("GET", "/play/collections", undefined, { token })).status).toBe(status);
    expect((await send("PUT", "/play/collections/posts", { listRule: null }, { token })).status).toBe(status);
    expect((await send("POST", "/play/tokens", { collection: "users", id: "u2" }, { token })).status).toBe(
      status,
    );
  }
  expect((await rulesOf("posts"))?.listRule).not.toBe(null);
});

test("without a playground there is none of it, also with a key of the operator's", async () => {
  const plain = await startGateway();
  const { url } = plain;
  expect(await send("GET", "", undefined, { url })).toMatchObject({
    status: 200,
    body: { playground: false },
  });
  expect((await send("GET", "/play/collections", undefined, { url })).status).toBe(404);
  expect((await send("PUT", "/play/collections/posts", { listRule: "" }, { url })).status).toBe(404);
  expect((await send("POST", "/play/tokens", { collection: "users", id: "u1" }, { url })).status).toBe(404);
  await plain.kill();
});

test("the rules of a file are changed there", async () => {
  const filed = await startGateway({ PLAYGROUND: "true", COLLECTIONS_FILE: demoCollectionsFile });
  const answer = await send("PUT", "/play/collections/posts", { listRule: null }, { url: filed.url });
  expect(answer).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining("COLLECTIONS_FILE") },
  });
  await filed.kill();
});

test("the demo prints where console and playground are, with a token that opens them", async () => {
  const demo = await startGateway({ AUTH_SECRET: "" });
  await waitUntil(() => demo.output().includes("Playground:"), "the welcome");
  const [, token = ""] = /\/console#token=(\S+)/.exec(demo.output()) ?? [];
  expect(await send("GET", "", undefined, { url: demo.url, token })).toMatchObject({
    status: 200,
    body: { playground: true, identity: { id: "demo", collectionName: "_superusers" } },
  });
  expect(demo.output()).toContain(`/console/play#token=${token}`);
  await demo.kill();
});

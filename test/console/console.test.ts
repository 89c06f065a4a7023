import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, inject, onTestFinished, test } from "vitest";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { type GatewayEnvironment, type GatewayProcess, startGateway } from "../harness/gateway-process.ts";
import { type SdkClient, sdks } from "../harness/sdk.ts";
import { startRedisServer } from "../harness/test-redis.ts";
import { signSuperuserToken, signToken } from "../harness/tokens.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { BrowserStage, see } from "./browser-stage.ts";

let stage: BrowserStage;
let cluster: Cluster;
let nodes: readonly [GatewayProcess, GatewayProcess];
let clients: SdkClient[] = [];

beforeAll(async () => {
  stage = await BrowserStage.open();
  cluster = await startCluster(inject("redisUrl"));
  const [one, other] = cluster.nodes;
  if (one === undefined || other === undefined) throw new Error("expected two nodes");
  nodes = [one, other];
}, 180_000);

afterAll(async () => {
  await stage?.close();
  await cluster?.close();
});

afterEach(async () => {
  await stage.endTest();
  await Promise.all(clients.map((client) => client.realtime.unsubscribe()));
  clients = [];
});

/** Opens a view of the cluster on its first node, or of a gateway alone, and waits until all nodes are heard. */
async function open(view = "", alone?: GatewayProcess): Promise<Page> {
  const page = await stage.openSignedIn(`${(alone ?? nodes[0]).url}/console`);
  const heard = page.getByRole("table", { name: "Nodes" }).getByText("ready");
  await see(heard.nth(alone === undefined ? 1 : 0));
  if (view !== "") await page.getByRole("link", { name: view }).click();
  return page;
}

/** Has an SDK listen on the node where the page is not. */
async function listen(
  topic: string,
  filter?: string,
): Promise<{ readonly client: SdkClient; readonly heard: readonly unknown[] }> {
  const [sdk] = sdks;
  if (sdk === undefined) throw new Error("expected an SDK");
  const client = sdk.create(nodes[1].url);
  clients.push(client);
  client.authStore.save(await signToken("ann"));
  const heard: unknown[] = [];
  const options = filter === undefined ? {} : { query: { filter } };
  await client.realtime.subscribe(topic, (data) => heard.push(data), options);
  return { client, heard };
}

/** Starts a gateway that is gone behind the running test. */
async function startMortal(env: GatewayEnvironment = {}): Promise<GatewayProcess> {
  const gateway = await startGateway(env);
  onTestFinished(gateway.kill);
  return gateway;
}

const post = (id: string): object => ({ collection: "posts", action: "create", record: { id, title: "t" } });

test("a superuser's token signs in, and is in the address no more", async () => {
  const page = await open();
  expect(page.url()).toBe(`${nodes[0].url}/console`);
  await page.reload();
  await see(page.getByRole("heading", { name: "Nodes" }));
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.reload();
  await see(page.getByRole("heading", { name: "Sign in" }));
});

test("an address with a token signs in where the page is open already", async () => {
  const page = await open();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.goto(`${nodes[0].url}/console#token=${await signSuperuserToken()}`);
  await see(page.getByRole("heading", { name: "Nodes" }));
  expect(page.url()).toBe(`${nodes[0].url}/console`);
});

test("a token that is wrong, expired, or no superuser's is refused in words", async () => {
  stage.expectErrors(/status of 40[13]/);
  const page = await stage.openPage(`${nodes[0].url}/console`);
  const refusals = [
    ["a token", "Expected a token: letters, digits, dots and dashes."],
    ["abc.def", "This token is not valid, or has expired."],
    [await signToken("ann", { exp: 1 }), "This token is not valid, or has expired."],
    [await signToken("ann"), "This token is valid, but not a superuser's. The console is for superusers."],
  ] as const;
  for (const [token, words] of refusals) {
    await page.getByLabel("Token").fill(token);
    await page.getByRole("button", { name: "Sign in" }).click();
    await see(page.getByRole("alert").getByText(words));
  }
  await page.getByLabel("Token").fill(await signSuperuserToken());
  await page.keyboard.press("Enter");
  await see(page.getByRole("heading", { name: "Nodes" }));
});

test("both nodes are shown, and the plots move with the events", async () => {
  const page = await open();
  await listen("posts/*");
  const figure = (name: string): Promise<string | null> =>
    page.locator(`[data-plot=${name}]`).textContent({ timeout: 1_000 });
  await waitUntil(async () => (await figure("events"))?.trim() === "0", "a first sample", 20_000);
  const moves = (name: string): Promise<void> =>
    waitUntil(
      async () => {
        await cluster.log(post("p1"));
        return /[1-9]/.test((await figure(name)) ?? "");
      },
      `${name} in the plot`,
      20_000,
    );
  await moves("events");
  await moves("deliveries");
  await moves("p50");
  await see(page.getByRole("table", { name: "Busiest topics" }).getByText("posts"));
});

test("an event that is written by XADD is in the tail within a second, with who had it and who had not", async () => {
  const page = await open("Events");
  await listen("posts/*");
  await listen("posts/*", "title = 'other'");
  const row = page.getByRole("listitem").filter({ hasText: "posts/xadded" }).first();
  // whoever shares the machine may hold up one of them
  for (let tries = 1; tries <= 5; tries++) {
    await cluster.log(post("xadded"));
    const [isShown] = await Promise.allSettled([row.getByText("1 delivered").waitFor({ timeout: 1_000 })]);
    if (isShown.status === "fulfilled") break;
    expect(tries).toBeLessThan(5);
  }
  await see(row.getByText("1 withheld"));
  await row.getByText("posts/xadded").click();
  await see(row.getByText("the filter says no"));
  await see(row.getByText("title = 'other'"));
});

test("the tail can be paused, and filtered by topic", async () => {
  const page = await open("Events");
  const tail = page.getByRole("list").first();
  await cluster.log(post("before"));
  await see(tail.getByText("posts/before"));
  await page.getByRole("button", { name: "Pause" }).click();
  await cluster.log({ topic: "pausing", data: 1 });
  await see(page.getByText("paused, 1 new"));
  expect(await tail.getByText("pausing").count()).toBe(0);
  await page.getByRole("button", { name: "Pause" }).click();
  await see(tail.getByText("pausing"));
  await page.getByLabel("Filter by topic").fill("paus");
  await tail.getByText("posts/before").waitFor({ state: "detached" });
  await page.getByLabel("Filter by topic").fill("nothing");
  await see(page.getByText("No such topic of late."));
});

test("an event is published by the form, and what is none is refused before", async () => {
  const page = await open("Events");
  const { heard } = await listen("posts/*");
  const text = page.getByLabel("Event as JSON");
  const refusals = [
    ["{", /JSON/],
    ['{"action":"make"}', /expected action "create", "update" or "delete"/],
    ['{"topic":"@stats"}', /expected a topic that is not reserved/],
  ] as const;
  for (const [draft, words] of refusals) {
    await text.fill(draft);
    await page.getByRole("button", { name: "Publish" }).click();
    await see(page.getByRole("alert").getByText(words));
  }
  await text.fill(JSON.stringify(post("published")));
  await page.getByRole("button", { name: "Publish" }).click();
  await see(page.getByText(/In the log as \d+-\d+/));
  await waitUntil(() => heard.length === 1, "the event");
});

test("a client of another node is found, looked at and ended, and its SDK comes back", async () => {
  const page = await open("Clients");
  const { client, heard } = await listen("posts/found");
  const { clientId } = client.realtime;
  const search = page.getByLabel("Id, identity or topic");
  for (const text of ["posts/found", "users/ann", clientId]) {
    await search.fill(text);
    await see(page.getByText("1 client on 2 nodes"));
  }
  await page.getByRole("button", { name: clientId }).click();
  const dialog = page.getByRole("dialog");
  await see(dialog.getByText("users/ann"));
  await see(dialog.getByText("posts/found"));
  await dialog.getByRole("button", { name: "End stream…" }).click();
  await dialog.getByRole("button", { name: "Keep it" }).click();
  await dialog.getByRole("button", { name: "End stream…" }).click();
  await dialog.getByRole("button", { name: "End it" }).click();
  await dialog.waitFor({ state: "detached" });
  const isBack = (): boolean => client.realtime.isConnected && client.realtime.clientId !== clientId;
  await waitUntil(isBack, "the SDK to come back", 20_000);
  await waitUntil(async () => {
    await cluster.log(post("found"));
    return heard.length > 0;
  }, "an event");
});

test("a node that dies is shown as silent", async () => {
  const { redisUrl, prefix } = cluster;
  const mortal = await startMortal({ REDIS_URL: redisUrl, KEY_PREFIX: prefix });
  const page = await open();
  const table = page.getByRole("table", { name: "Nodes" });
  await see(table.getByText("ready").nth(2));
  await mortal.kill();
  await see(table.getByText(/silent for \d+ s/), { timeout: 20_000 });
});

test("a lost stream is told, and comes back by itself", async () => {
  stage.expectErrors(/net::ERR_|status of 50/);
  const gateway = await startMortal();
  const page = await open("", gateway);
  await gateway.kill();
  await see(page.getByText("Offline"), { timeout: 20_000 });
  await see(page.getByText(/Nothing was heard for \d+ s/));
  await startMortal({ PORT: new URL(gateway.url).port });
  await see(page.getByText("Live", { exact: true }), { timeout: 30_000 });
});

test("a node without Redis is shown as degraded", async () => {
  stage.expectErrors(/status of 503/);
  const redis = await startRedisServer();
  onTestFinished(redis.close);
  const gateway = await startMortal({ REDIS_URL: redis.url });
  const page = await open("", gateway);
  await redis.close();
  await see(page.getByText("Redis is away from 1 node"), { timeout: 20_000 });
  await see(page.getByRole("table", { name: "Nodes" }).getByText("degraded"));
});

test("an expired token is told while the page is open", async () => {
  stage.expectErrors(/net::ERR_|status of 401/);
  const gateway = await startMortal();
  const page = await open("", gateway);
  await gateway.kill();
  await startMortal({ PORT: new URL(gateway.url).port, AUTH_SECRET: "another ".repeat(6) });
  await see(page.getByText("This token is not valid, or has expired."), { timeout: 30_000 });
});

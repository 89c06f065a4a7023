import { mkdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { BrowserContextOptions, Page } from "playwright-core";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { startGateway } from "../harness/gateway-process.ts";
import { type SdkClient, sdks } from "../harness/sdk.ts";
import { openTestRedis } from "../harness/test-redis.ts";
import { signToken } from "../harness/tokens.ts";
import { BrowserStage } from "./browser-stage.ts";
import { setup as buildPages } from "./build-setup.ts";

/** How long the traffic goes on before the pictures: a minute is the least that plots show. */
const trafficMs = 65_000;

const folder = fileURLToPath(new URL("../../docs/images/", import.meta.url));
const screen = { width: 1280, height: 760 };

async function takePicture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${folder}${name}.png` });
  process.stdout.write(`docs/images/${name}.png\n`);
}

async function listen({ nodes }: Cluster): Promise<readonly SdkClient[]> {
  const topics = ["posts/*", "posts/p7", "users/*", "news"];
  const clients = nodes.flatMap(({ url }) =>
    topics.flatMap((topic) => sdks.map((sdk) => ({ topic, client: sdk.create(url) }))),
  );
  for (const [index, { topic, client }] of clients.entries()) {
    if (index % 4 > 0) client.authStore.save(await signToken(`u${index}`));
    const options = index % 3 === 0 && topic === "posts/*" ? { query: { filter: "score > 3" } } : {};
    await client.realtime.subscribe(topic, () => undefined, options);
  }
  return clients.map(({ client }) => client);
}

async function makeTraffic({ log }: Cluster): Promise<void> {
  const actions = ["create", "update", "delete"] as const;
  const end = performance.now() + trafficMs;
  for (let count = 0; performance.now() < end; count++) {
    const record = { id: `p${count % 40}`, title: "Hello", score: count % 7, published: true };
    if (count % 9 === 0) await log({ topic: "news", data: { count } });
    else await log({ collection: "posts", action: actions[count % 3], record });
    await delay(60 + 40 * Math.sin(count / 60));
  }
}

async function showConsole(stage: BrowserStage): Promise<void> {
  const redis = await openTestRedis();
  const cluster = await startCluster(redis.url, { nodes: 3 });
  const clients = await listen(cluster);
  const open = (options: BrowserContextOptions): Promise<Page> =>
    stage.openSignedIn(`${cluster.nodes[0]?.url}/console`, options);
  const light = await open({ viewport: screen });
  const dark = await open({ viewport: screen, colorScheme: "dark" });
  const narrow = await open({ viewport: { width: 320, height: 640 } });
  await dark.getByRole("link", { name: "Events" }).click();
  await makeTraffic(cluster);
  await takePicture(light, "console");
  await dark.getByRole("button", { name: "Pause" }).click();
  await dark.locator("summary").filter({ hasText: "withheld" }).first().click();
  await takePicture(dark, "console-events-dark");
  await takePicture(narrow, "console-narrow");
  await Promise.all(clients.map((client) => client.realtime.unsubscribe()));
  await cluster.close();
  await redis.close();
}

async function showPlayground(stage: BrowserStage): Promise<void> {
  const gateway = await startGateway({ PLAYGROUND: "true" });
  const page = await stage.openSignedIn(`${gateway.url}/console/play`, {
    viewport: { width: 1280, height: 900 },
  });
  const send = page.getByRole("button", { name: "Send" });
  await page.getByText("Live").nth(1).waitFor();
  await page.getByLabel("List rule").fill('published = true && @request.auth.id = "u1"');
  await page.getByRole("button", { name: "Save rules" }).click();
  await page.getByText("Saved.").waitFor();
  await send.click();
  await page.getByText("Not delivered").waitFor();
  const left = page.getByRole("region", { name: "Left" });
  await left.getByRole("button", { name: "Cut" }).click();
  await send.click();
  await page.getByText("Not delivered").nth(1).waitFor();
  await left.getByRole("button", { name: "Mend" }).click();
  await page.getByText("Resumed").waitFor();
  await takePicture(page, "playground");
  await gateway.kill();
}

mkdirSync(folder, { recursive: true });
await buildPages();
const stage = await BrowserStage.open();
await showConsole(stage);
await showPlayground(stage);
await stage.close();

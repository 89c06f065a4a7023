import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { readMetrics } from "../harness/metrics.ts";
import { postSubscriptions } from "../harness/realtime-client.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { signToken } from "../harness/tokens.ts";

/** Streams live for four seconds: they are ended by their nodes, as they are after half an hour. */
const shortLives = { STREAM_SECONDS: "4", HEARTBEAT_SECONDS: "1", IDLE_SECONDS: "0" };

const subscriptions = ["posts/*", "news"];

let cluster: Cluster;
beforeEach(async () => {
  cluster = await startCluster(inject("redisUrl"), { env: shortLives });
});
afterEach(() => cluster.close());

const urlOf = (node: number): string => cluster.nodes[node]?.url ?? "";

interface Wish {
  readonly wanted?: readonly string[];
  readonly token?: string;
}

/** A stream without any cursor, as the official SDKs have it. */
async function open(node: number, { wanted = subscriptions, token }: Wish = {}): Promise<SseReader> {
  const stream = await SseReader.open(urlOf(node));
  const { status } = await postSubscriptions(urlOf(1), stream.clientId, wanted, token);
  expect(status).toBe(204);
  return stream;
}

const write = (id: string): Promise<void> =>
  cluster.log({ collection: "posts", action: "create", record: { id } });

/** The ids of the posts that came. */
const postsIn = (stream: SseReader): readonly string[] =>
  stream.events("posts/*").map(({ data }) => JSON.parse(data ?? "").record.id);

/** Has a client listen, has its node end its stream, and writes while it is away. */
async function miss(end: (stream: SseReader) => Promise<unknown>, wish?: Wish): Promise<void> {
  const stream = await open(0, wish);
  await write("before");
  await stream.waitForCount(1);
  await end(stream);
  await stream.waitForEnd(10_000);
  await write("missed");
}

/** What a client gets that comes then, up to what is written for it. */
async function comeBack(wish?: Wish): Promise<readonly string[]> {
  const stream = await open(1, wish);
  await write("live");
  await stream.waitFor(({ data }) => data?.includes('"live"') ?? false, "what is live");
  stream.close();
  expect(stream.events().filter(({ event }) => event?.startsWith("@"))).toEqual([]);
  return postsIn(stream);
}

async function gapsOf(url: string): Promise<number | undefined> {
  return (await readMetrics(url)).get("sluice_log_gaps_total");
}

async function streamsOpen(): Promise<number> {
  const counts = cluster.nodes.map(async ({ url }) => (await readMetrics(url)).get("sluice_streams") ?? 0);
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

const nobody = (): Promise<void> => Promise.resolve();

describe("P5: an SDK that never offers a cursor misses nothing", () => {
  test.each<[when: string, end: () => Promise<unknown>]>([
    ["its node leaves", () => cluster.nodes[0]?.stop() ?? nobody()],
    ["its node is killed", () => cluster.nodes[0]?.kill() ?? nobody()],
    ["its stream has lived long enough", nobody],
  ])("when %s", async (_when, end) => {
    await miss(end);
    const posts = await comeBack();
    // what came in the last two seconds before may come again
    expect(posts.filter((id) => id !== "before")).toEqual(["missed", "live"]);
  });

  test("and what a stream that lived long enough had had does not come again", async () => {
    await miss(nobody);
    expect(await comeBack()).toEqual(["missed", "live"]);
  });

  test("however often in a row", async () => {
    await miss(nobody);
    const second = await open(0);
    await second.waitForEnd(10_000);
    expect(postsIn(second)).toEqual(["missed"]);
    await write("missed too");
    expect(await comeBack()).toEqual(["missed too", "live"]);
  });

  test("of what is written behind a gap, which ends its stream", async () => {
    const stream = await open(0);
    // a node that waits for the next entry has read everything
    await cluster.redis.multi().del(`${cluster.prefix}log`).call("CLIENT", "KILL", "TYPE", "normal").exec();
    for (const { url } of cluster.nodes) {
      await expect.poll(() => gapsOf(url), { timeout: 5_000 }).toBe(1);
    }
    await write("missed");
    await stream.waitForEnd(10_000);
    expect(postsIn(stream)).toEqual([]);
    expect(await comeBack()).toEqual(["missed", "live"]);
  });

  test("when it leaves the stream that it came back to, since its POST was not answered", async () => {
    await miss(nobody);
    const givenUp = await open(1);
    await givenUp.waitForCount(1);
    expect(postsIn(givenUp)).toEqual(["missed"]);
    givenUp.close();
    await expect.poll(streamsOpen).toBe(0);
    await write("missed too");
    // by then the orphan that it took is spent
    const another = await open(0, { wanted: ["news"] });
    await another.waitForEnd(10_000);
    expect(await comeBack()).toEqual(["missed too", "live"]);
  });

  test("when it comes back with its token", async () => {
    const token = await signToken("ann");
    await miss(nobody, { token });
    expect(await comeBack({ token })).toEqual(["missed", "live"]);
  });
});

describe("nothing of what was missed is for", () => {
  test("whoever comes behind a client that left by itself", async () => {
    await miss((stream) => Promise.resolve(stream.close()));
    expect(await comeBack()).toEqual(["live"]);
  });

  test("who has another identity, or none any more", async () => {
    await miss(nobody, { token: await signToken("ann") });
    expect(await comeBack({ token: await signToken("bob") })).toEqual(["live"]);
    expect(await comeBack()).toEqual(["live"]);
  });

  test("who subscribes to something else", async () => {
    await miss(nobody);
    expect(await comeBack({ wanted: ["posts/*"] })).toEqual(["live"]);
  });

  test("a client that keeps a cursor itself", async () => {
    await miss(nobody);
    const stream = await SseReader.open(urlOf(1), {}, "?lastEventId=");
    await postSubscriptions(urlOf(0), stream.clientId, subscriptions);
    await write("live");
    await stream.waitForCount(1);
    expect(postsIn(stream)).toEqual(["live"]);
    stream.close();
  });
});

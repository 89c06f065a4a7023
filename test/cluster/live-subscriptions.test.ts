import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { postSubscriptions } from "../harness/realtime-client.ts";
import { SseReader } from "../harness/sse-reader.ts";

const rounds = 10_000;
const lanes = 20;

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster(inject("redisUrl"));
});
afterAll(() => cluster.close());

/** Subscribes a stream of one node through the other to a new record, and publishes that record at once. */
async function runLane(lane: number): Promise<number> {
  const [owner, other] = cluster.nodes.map((node) => node.url);
  const stream = await SseReader.open(owner ?? "");
  for (let round = 0; round < rounds / lanes; round++) {
    const id = `r${lane}x${round}`;
    const { status } = await postSubscriptions(other ?? "", stream.clientId, [`posts/${id}`]);
    expect(status).toBe(204);
    const event = { action: "create", record: { id } };
    await (round % 2 === 0
      ? cluster.log({ ...event, collection: "posts" })
      : cluster.channel("posts", event));
    await stream.waitFor(
      (frame) => frame.event === `posts/${id}`,
      `the event of round ${round} in lane ${lane}`,
    );
  }
  stream.close();
  return stream.events().length;
}

test(`P3: in ${rounds} rounds, what is published at once after a 204 from another node arrives, through both doors`, async () => {
  const heard = await Promise.all(Array.from({ length: lanes }, (_, lane) => runLane(lane)));
  expect(heard.reduce((sum, count) => sum + count)).toBe(rounds);
});

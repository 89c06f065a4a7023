import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from "vitest";
import { abuse } from "../bench/abuse.ts";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { startGateway } from "../harness/gateway-process.ts";
import { readMetrics } from "../harness/metrics.ts";
import { RawConnection } from "../harness/raw-connection.ts";
import { postSubscriptions } from "../harness/realtime-client.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { waitUntil } from "../harness/wait-until.ts";

const requestSeconds = 1;

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster(inject("redisUrl"), {
    env: { REQUEST_SECONDS: String(requestSeconds), LOG_LEVEL: "warn" },
  });
});
afterAll(() => cluster.close());

const base = (): string => cluster.nodes[0]?.url ?? "";

async function refusals(reason: string): Promise<number> {
  return (await readMetrics(base())).get(`sluice_requests_refused_total{reason="${reason}"}`) ?? 0;
}

function bodyOf(status: number, message: string): string {
  return `${JSON.stringify({ data: {}, message, status })}\n`;
}

const postHead = "POST /api/realtime HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";

/** 64 KiB as one chunk of a body without declared length. */
const chunk = `10000\r\n${" ".repeat(65_536)}\r\n`;

describe("P8: a request that is broken, too large or too slow", () => {
  const rows: readonly (readonly [string, string, string, number, string, string])[] = [
    ["that never begins", "", "", 408, "Request timeout.", "slow"],
    [
      "whose head never ends",
      "GET /api/realtime HTTP/1.1\r\nHost: a\r\n",
      "",
      408,
      "Request timeout.",
      "slow",
    ],
    ["whose body never comes", `${postHead}Content-Length: 9\r\n\r\n{`, "", 408, "Request timeout.", "slow"],
    [
      "with a megabyte of headers",
      `GET /api/realtime HTTP/1.1\r\nHost: a\r\nX: ${"a".repeat(1_048_576)}\r\n\r\n`,
      "",
      431,
      "Request header fields too large.",
      "large_head",
    ],
    [
      "that is no HTTP",
      "hello\r\n\r\n",
      "",
      400,
      "Something went wrong while processing your request.",
      "malformed",
    ],
    [
      "whose body never ends",
      `${postHead}Transfer-Encoding: chunked\r\n\r\n`,
      chunk,
      413,
      "Request entity too large.",
      "large_body",
    ],
  ];

  test.for(rows)("%s is answered, counted, and its connection closed", async (row) => {
    const [, text, more, status, message, reason] = row;
    const before = await refusals(reason);
    const connection = new RawConnection(base());
    connection.send(text);
    if (more !== "") connection.sendForEver(more);
    await connection.closed(requestSeconds * 1_000 + 10_000);
    expect(connection.answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(connection.answer.split("\r\n\r\n")[1]).toBe(bodyOf(status, message));
    expect(await refusals(reason)).toBe(before + 1);
  });

  test("a stream that is older than a request may be goes on", async () => {
    const stream = await SseReader.open(base());
    const slow = new RawConnection(base());
    await slow.closed(requestSeconds * 1_000 + 10_000);
    await postSubscriptions(base(), stream.clientId, ["news"]);
    await cluster.message({ topic: "news", data: 1 });
    await stream.waitForCount(1);
    expect(stream.ended).toBe(false);
    stream.close();
  });
});

test("P8: large bodies share a limit; small ones are read beside them, and those that end make room", async () => {
  const gateway = await startGateway();
  onTestFinished(() => gateway.kill());
  const post = (bytes: number): Promise<Response> =>
    fetch(`${gateway.url}/api/realtime`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ clientId: "a".repeat(40), more: "x".repeat(bytes) }),
    });
  const isStatus = (bytes: number, status: number) => async (): Promise<boolean> =>
    (await post(bytes)).status === status;
  // each within the limit of one, together some bytes short of the limit of all
  const bodyBytes = 8 * 2 ** 20;
  const bodies = Array.from({ length: 8 }, () => {
    const connection = new RawConnection(gateway.url);
    connection.send(`${postHead}Content-Length: ${bodyBytes}\r\n\r\n${" ".repeat(bodyBytes - 1)}`);
    return connection;
  });
  await waitUntil(isStatus(17_000, 503), "a body to be one too many", 20_000);
  expect((await post(17_000)).headers.get("Retry-After")).toBe("1");
  expect((await post(100)).status).toBe(404);
  for (const connection of bodies) connection.close();
  await waitUntil(isStatus(1_000_000, 404), "room for a large body");
});

test("P8: streams go on beside all of it at once, which costs Redis nothing and leaves nothing behind", async () => {
  const plan = { streams: 100, rounds: 1, seconds: 3, slowHeads: 200, postsPerSecond: 2_000 };
  const { rounds } = await abuse(plan);
  expect(rounds).toHaveLength(1);
  for (const { before, during, tally, left } of rounds) {
    // it ends only once every event has come to every stream
    expect(during.delaysMs.length).toBeGreaterThan(0);
    const { posts, slow, heads, bodies } = tally.answers;
    expect(Object.keys(posts).toSorted()).toEqual(["404", "429"]);
    // as many as may be, of one minute or of two
    expect(posts["404"]).toBeLessThanOrEqual(240);
    expect(posts["429"]).toBeGreaterThan(240);
    expect([slow, heads, bodies].map((answers) => Object.keys(answers))).toEqual([["408"], ["431"], ["413"]]);
    expect(during.redisCommands).toBeLessThan(before.redisCommands + plan.postsPerSecond / 4);
    expect(left).toBe(0);
  }
});

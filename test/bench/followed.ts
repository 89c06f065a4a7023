import { Redis } from "ioredis";
import { FollowedWriter, type WrittenRow } from "../harness/followed-writer.ts";
import { readMetrics } from "../harness/metrics.ts";
import { postSubscriptions } from "../harness/realtime-client.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { startRedisServer } from "../harness/test-redis.ts";
import { signToken } from "../harness/tokens.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { type Figure, judge } from "./figure.ts";
import { cpuUs, memoryBytes } from "./process-usage.ts";
import { withGateway } from "./server.ts";

const rows = 100_000;
const rowBytes = 300;
const mebibyte = 2 ** 20;

const rule = "@collection.memberships.user ?= @request.auth.id && @collection.memberships.room ?= room";

const collections = [
  {
    id: "memberships",
    name: "memberships",
    fields: [
      { name: "user", type: "text" },
      { name: "room", type: "text" },
      { name: "note", type: "text" },
    ],
  },
  { id: "posts", name: "posts", listRule: rule, fields: [{ name: "room", type: "text" }] },
];

/** What a node has taken once it is ready. */
interface Taken {
  readonly cpuSeconds: number;
  readonly bytes: number;
}

/** Measures what the rows of a followed collection take on a node: memory, and CPU time of its start. */
export async function measureFollowed(): Promise<readonly Figure[]> {
  const without = await startWith(0);
  const taken = await startWith(rows);
  const title = `followed, ${rows} rows of ${rowBytes} bytes`;
  return [
    judge({
      figure: `${title}: memory, garbage collected`,
      seen: (taken.bytes - without.bytes) / mebibyte,
      unit: "MB",
      wanted: { of: "seen", most: 150 },
    }),
    judge({
      figure: `${title}: CPU of a start`,
      seen: taken.cpuSeconds,
      unit: "s",
      baseline: { of: "no rows", seen: without.cpuSeconds },
      wanted: { of: "seen", most: 5 },
    }),
  ];
}

async function startWith(count: number): Promise<Taken> {
  const redisServer = await startRedisServer();
  const redis = new Redis(redisServer.url);
  try {
    const writer = new FollowedWriter(redis, "rt:");
    await writer.collections(collections);
    await writer.seed(
      "memberships",
      Array.from({ length: count }, (_, index) => memberRow(index)),
    );
    const env = { REDIS_URL: redisServer.url, NODE_OPTIONS: "--inspect-port=0" };
    return await withGateway(env, async ({ pid, url, output }) => {
      const cpuSeconds = cpuUs(pid) / 1e6;
      const followed = (await readMetrics(url)).get("sluice_followed_records");
      if (followed !== count) throw new TypeError(`expected ${count} followed rows, got ${followed}`);
      await askRule(url, writer);
      await collectGarbage({ pid, output });
      return { cpuSeconds, bytes: memoryBytes(pid) };
    });
  } finally {
    redis.disconnect();
    await redisServer.close();
  }
}

/** Has the rule asked once, which makes the look-ups that it needs. */
async function askRule(url: string, writer: FollowedWriter): Promise<void> {
  const stream = await SseReader.open(url);
  await postSubscriptions(url, stream.clientId, ["posts/*"], await signToken("user00000000001"));
  const member = { id: "mmbr_of_the_first", user: "user00000000001", room: "room_of_the_first" };
  await writer.write("create", "memberships", member);
  await writer.write("create", "posts", { id: "post00000000001", room: member.room });
  await stream.waitForCount(1);
  stream.close();
}

function memberRow(index: number): WrittenRow {
  const number = String(index).padStart(11, "0");
  const row = { id: `mmbr${number}`, user: `user${number}`, room: `room${index % 5_000}`, note: "" };
  return { ...row, note: "x".repeat(rowBytes - JSON.stringify(row).length) };
}

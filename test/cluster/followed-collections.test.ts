import type { JsonObject } from "@sluice/protocol";
import { Redis } from "ioredis";
import { afterEach, expect, inject, onTestFinished, test } from "vitest";
import { FollowedWriter, type WrittenRow } from "../harness/followed-writer.ts";
import { type GatewayProcess, startGateway } from "../harness/gateway-process.ts";
import { uniqueKeyPrefix } from "../harness/key-prefix.ts";
import { readMetrics } from "../harness/metrics.ts";
import { postSubscriptions } from "../harness/realtime-client.ts";
import { SeededChoice } from "../harness/seeded-choice.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { startRedisServer } from "../harness/test-redis.ts";
import { signToken } from "../harness/tokens.ts";
import { waitUntil } from "../harness/wait-until.ts";

const relation = (name: string, collectionId: string): object => ({
  name,
  type: "relation",
  collectionId,
  maxSelect: 1,
});

const memberRule = "@collection.memberships.user ?= @request.auth.id && @collection.memberships.room ?= room";

const collections = [
  { id: "users", name: "users", type: "auth", fields: [] },
  { id: "rooms", name: "rooms", fields: [relation("owner", "users"), { name: "open", type: "bool" }] },
  { id: "memberships", name: "memberships", fields: [relation("user", "users"), relation("room", "rooms")] },
  { id: "messages", name: "messages", listRule: memberRule, fields: [relation("room", "rooms")] },
  {
    id: "notes",
    name: "notes",
    listRule: "@request.auth.id != '' && (room.owner = @request.auth.id || room.open = true)",
    fields: [relation("room", "rooms")],
  },
];

const users = Array.from({ length: 40 }, (_, index) => `user${String(index).padStart(11, "0")}`);
const rooms = Array.from({ length: 10 }, (_, index) => `room${String(index).padStart(11, "0")}`);

const nodes: GatewayProcess[] = [];
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.kill()));
});

async function startNode(redisUrl: string, prefix: string): Promise<GatewayProcess> {
  const node = await startGateway({ REDIS_URL: redisUrl, KEY_PREFIX: prefix, HEARTBEAT_SECONDS: "1" });
  nodes.push(node);
  return node;
}

/** Opens a stream for each user on a node, with all subscriptions live. */
function openStreams(node: GatewayProcess): Promise<readonly SseReader[]> {
  return Promise.all(
    users.map(async (user) => {
      const stream = await SseReader.open(node.url);
      const { status } = await postSubscriptions(
        node.url,
        stream.clientId,
        ["messages/*", "notes/*"],
        await signToken(user),
      );
      expect(status).toBe(204);
      return stream;
    }),
  );
}

/** What a deployment does: rooms change hands, members come and go, and messages and notes are written. */
class Traffic {
  /** The decisive events in the order of the log: for whom each is. */
  readonly decided: { readonly cursor: string; readonly recipients: ReadonlySet<string> }[] = [];
  readonly #writer: FollowedWriter;
  readonly #choice = new SeededChoice(7);
  readonly #members = new Map<string, { readonly user: string; readonly room: string }>();
  readonly #rooms = new Map(rooms.map((id) => [id, { owner: users[0] ?? "", open: false }]));
  #written = 0;

  constructor(writer: FollowedWriter) {
    this.#writer = writer;
  }

  async seed(): Promise<void> {
    for (const id of Array.from({ length: 80 }, () => this.#newId("m")))
      this.#members.set(id, this.#newMember());
    await this.#writer.seed("memberships", rowsOf(this.#members));
    await this.#writer.seed("rooms", rowsOf(this.#rooms));
  }

  async write(): Promise<void> {
    const choice = this.#choice;
    if (choice.chance(0.3)) return this.#changeMember();
    const room = choice.of(rooms);
    if (choice.chance(0.2)) return this.#changeRoom(room);
    const collection = choice.of(["messages", "notes"]);
    const cursor = await this.#writer.write("create", collection, { id: this.#newId("e"), room });
    const recipients = new Set(collection === "notes" ? this.#readers(room) : this.#membersOf(room));
    this.decided.push({ cursor, recipients });
  }

  async #changeMember(): Promise<void> {
    const ids = [...this.#members.keys()];
    const id = this.#choice.chance(0.5) ? this.#newId("m") : this.#choice.of(ids);
    const old = this.#members.get(id);
    const member = this.#newMember();
    if (old !== undefined && this.#choice.chance(0.7)) {
      this.#members.delete(id);
      await this.#writer.write("delete", "memberships", { id, ...old });
    } else {
      this.#members.set(id, member);
      await this.#writer.write(old === undefined ? "create" : "update", "memberships", { id, ...member });
    }
  }

  async #changeRoom(id: string): Promise<void> {
    const room = { owner: this.#choice.of(users), open: this.#choice.chance(0.3) };
    this.#rooms.set(id, room);
    await this.#writer.write("update", "rooms", { id, ...room });
  }

  #newMember(): { readonly user: string; readonly room: string } {
    return { user: this.#choice.of(users), room: this.#choice.of(rooms) };
  }

  #membersOf(room: string): readonly string[] {
    return [...this.#members.values()].filter((member) => member.room === room).map(({ user }) => user);
  }

  #readers(id: string): readonly string[] {
    const room = this.#rooms.get(id);
    if (room?.open === true) return users;
    return room === undefined ? [] : [room.owner];
  }

  #newId(kind: string): string {
    return `${kind}${String(++this.#written).padStart(14, "0")}`;
  }
}

function rowsOf(rows: ReadonlyMap<string, JsonObject>): readonly WrittenRow[] {
  return Array.from(rows, ([id, row]) => Object.assign({ id }, row));
}

test("P6: nodes that start at different times decide alike, and as the rows are at each place in the log", async () => {
  const redisUrl = inject("redisUrl");
  const prefix = uniqueKeyPrefix();
  const redis = new Redis(redisUrl);
  onTestFinished(() => redis.disconnect());
  const writer = new FollowedWriter(redis, prefix);
  await writer.collections(collections);
  const traffic = new Traffic(writer);
  await traffic.seed();
  const first = await startNode(redisUrl, prefix);
  const streams = [await openStreams(first)];
  const over = new AbortController();
  const writing = (async () => {
    while (!over.signal.aborted) await traffic.write();
  })();
  await waitUntil(() => traffic.decided.length > 200, "some events", 20_000);
  streams.push(await openStreams(await startNode(redisUrl, prefix)));
  const start = traffic.decided.length;
  const decisions = 100_000 / users.length / 2;
  await waitUntil(() => traffic.decided.length >= start + decisions, "enough events", 60_000);
  over.abort();
  await writing;
  const decided = traffic.decided.slice(start);
  for (const [index, user] of users.entries()) {
    const expected = decided.filter(({ recipients }) => recipients.has(user)).map(({ cursor }) => cursor);
    for (const stream of streams.map((ofNode) => ofNode[index])) {
      const received = (): readonly (string | undefined)[] =>
        stream
          ?.events()
          .map(({ id }) => id)
          .filter((id) => decided.some(({ cursor }) => cursor === id)) ?? [];
      await waitUntil(() => received().length >= expected.length, "the last event", 10_000);
      expect(received()).toEqual(expected);
    }
  }
  expect(decided.some(({ recipients }) => recipients.size > 0)).toBe(true);
  for (const stream of streams.flat()) stream.close();
});

test("P6: after Redis has lost its data, rules that take followed collections deny until they are seeded", async () => {
  const server = await startRedisServer();
  onTestFinished(() => server.close());
  const prefix = uniqueKeyPrefix();
  const redis = new Redis(server.url);
  onTestFinished(() => redis.disconnect());
  const writer = new FollowedWriter(redis, prefix);
  await writer.collections(collections);
  const [user = "", room = ""] = [users[0], rooms[0]];
  const member = { id: "member000000001", user, room };
  await writer.seed("memberships", [member]);
  await writer.seed("rooms", []);
  const node = await startNode(server.url, prefix);
  const token = await signToken(user);
  const open = async (): Promise<SseReader> => {
    const stream = await SseReader.open(node.url);
    await postSubscriptions(node.url, stream.clientId, ["messages/*"], token);
    return stream;
  };
  const before = await open();
  await writer.write("create", "messages", { id: "message00000001", room });
  await before.waitForCount(1);

  await redis.flushall();
  // the node's place in the log is gone: it ends its streams and begins anew
  await redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  await before.waitForEnd(20_000);
  await writer.collections(collections);
  await waitUntil(
    async () => (await readMetrics(node.url)).get("sluice_followed_collections_missing") === 2,
    "the rows to be forgotten",
    20_000,
  );
  const denied = await open();
  await writer.write("create", "messages", { id: "message00000002", room });
  await waitUntil(
    async () =>
      ((await readMetrics(node.url)).get('sluice_denials_total{reason="rule-undecidable"}') ?? 0) > 0,
    "a denial",
  );
  expect(denied.events()).toEqual([]);

  await writer.seed("memberships", [member]);
  await writer.seed("rooms", []);
  await writer.collections(collections);
  await waitUntil(
    async () => (await readMetrics(node.url)).get("sluice_followed_collections_missing") === 0,
    "the rows to be there",
    20_000,
  );
  await writer.write("create", "messages", { id: "message00000003", room });
  await denied.waitForCount(1);
  expect(denied.events()[0]?.data).toContain("message00000003");
  denied.close();
});

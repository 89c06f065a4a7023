import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { demoCollectionsFile } from "../../../test/harness/cluster.ts";
import { type GatewayProcess, startGateway } from "../../../test/harness/gateway-process.ts";
import { uniqueKeyPrefix } from "../../../test/harness/key-prefix.ts";
import { postSubscriptions, publish } from "../../../test/harness/realtime-client.ts";
import { SseReader } from "../../../test/harness/sse-reader.ts";
import { signSuperuserToken, signToken } from "../../../test/harness/tokens.ts";

const prefix = uniqueKeyPrefix();
let redis: Redis;
let gateway: GatewayProcess;
let superuser: string;
beforeAll(async () => {
  redis = new Redis(inject("redisUrl"));
  gateway = await startGateway({
    REDIS_URL: inject("redisUrl"),
    KEY_PREFIX: prefix,
    COLLECTIONS_FILE: demoCollectionsFile,
    MAX_EVENT_BYTES: "1000",
  });
  superuser = await signSuperuserToken();
});
afterAll(async () => {
  await gateway.kill();
  redis.disconnect();
});

const event = (id: string, title = "Hello"): unknown => ({
  collection: "posts",
  action: "create",
  record: { id, title },
});

async function send(events: unknown, token = superuser): Promise<{ status: number; body: unknown }> {
  const { status, text } = await publish(gateway.url, events, token);
  return { status, body: JSON.parse(text) };
}

async function loggedIds(): Promise<readonly string[]> {
  const entries = await redis.xrange(`${prefix}log`, "-", "+");
  return entries.filter(([, fields]) => fields[0] === "event").map(([id]) => id);
}

const nothingChanged = async (work: () => Promise<void>): Promise<void> => {
  const before = await loggedIds();
  await work();
  expect(await loggedIds()).toEqual(before);
};

test("one event or an array is in the log when the answer names its ids", async () => {
  const one = await send(event("p1"));
  const many = await send([event("p2"), { topic: "news", data: 1 }, event("p3")]);
  expect([one.status, many.status]).toEqual([200, 200]);
  expect(await loggedIds()).toEqual([one.body, many.body].flatMap((body) => idsOf(body)));
});

function idsOf(body: unknown): readonly unknown[] {
  return typeof body === "object" && body !== null && "ids" in body && Array.isArray(body.ids)
    ? body.ids
    : [];
}

test("what was published arrives under its id", async () => {
  const stream = await SseReader.open(gateway.url);
  await postSubscriptions(gateway.url, stream.clientId, ["posts/*"]);
  const { body } = await send([event("p4"), event("p5")]);
  await stream.waitForCount(2);
  expect(stream.events().map(({ id }) => id)).toEqual(idsOf(body));
  stream.close();
});

test("the row of a followed collection is kept as its last event leaves it", async () => {
  await redis.hset(`${prefix}followed`, "posts", "posts");
  const update = { collection: "posts", action: "update", record: { id: "k1", tags: [], title: "é" } };
  const gone = { collection: "posts", action: "delete", record: { id: "k2" } };
  const { status } = await send([event("k1"), event("k2"), { topic: "news" }, update, gone]);
  expect([status, await redis.hgetall(`${prefix}records:posts`)]).toEqual([
    200,
    { k1: '{"id":"k1","tags":[],"title":"é"}' },
  ]);
});

test("1,000 events are one request, 1,001 are too many", async () => {
  const events = Array.from({ length: 1_001 }, (_, index) => event(`m${index}`));
  const accepted = await send(events.slice(1));
  expect([accepted.status, idsOf(accepted.body).length]).toEqual([200, 1_000]);
  await nothingChanged(async () => {
    const tooMany = {
      code: "validation_length_too_long",
      message: "The length must be no more than 1000.",
      params: { max: 1000, min: 0 },
    };
    expect(await send(events)).toMatchObject({ status: 400, body: { data: { events: tooMany } } });
  });
});

test("no events are no ids", async () => {
  expect(await send([])).toEqual({ status: 200, body: { ids: [] } });
});

describe("nothing is published", () => {
  test("for a guest, nor for an auth record", async () => {
    await nothingChanged(async () => {
      expect(await send(event("p1"), "nonsense")).toMatchObject({ status: 401 });
      expect(await send(event("p1"), await signToken("u1"))).toMatchObject({ status: 403 });
    });
  });

  test("when one event of an array is bad; the answer names each bad one and why", async () => {
    await nothingChanged(async () => {
      const events = [event("p1"), event(""), event("p2"), 5, event("p3", "é".repeat(500))];
      const { status, body } = await send(events);
      expect(status).toBe(400);
      expect(body).toMatchObject({
        data: {
          events: {
            1: {
              code: "validation_invalid_event",
              message: 'Expected record.id to be a non-empty string other than "*", got "".',
            },
            3: { message: "Expected an event object, got a number." },
            4: { message: expect.stringMatching(/^Expected at most 1000 bytes, got 1\d\d\d\.$/) },
          },
        },
      });
    });
  });

  test.each([
    ["", "application/json"],
    ["{", "application/json"],
    ["nonsense", "application/json"],
    [JSON.stringify(event("p1")), "application/x-www-form-urlencoded"],
  ])("when the body is %j, of type %s; the answer says what was expected", async (body, type) => {
    const headers = { "Content-Type": type, Authorization: superuser };
    await nothingChanged(async () => {
      const response = await fetch(`${gateway.url}/api/realtime/publish`, { method: "POST", headers, body });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        data: { body: { code: "validation_invalid_json", message: expect.stringContaining("JSON") } },
      });
    });
  });
});

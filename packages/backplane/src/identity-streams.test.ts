import { type AuthRecord, guest, type Identity, superusers } from "@sluice/protocol";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import type { RecordingNode } from "../../../test/harness/recording-node.ts";
import { implementations } from "../../../test/harness/recording-nodes.ts";
import type { SubscribeOutcome } from "./backplane.ts";

function record(id: string): AuthRecord {
  return { kind: "record", id, collectionId: "users_id", collectionName: "users", claims: { id } };
}

describe.each(implementations)("%s", (_name, open) => {
  let owner: RecordingNode;
  let asked: RecordingNode;
  beforeEach(async () => {
    ({ owner, asked } = await open(inject("redisUrl"), { maxStreamsPerIdentity: 2 }));
  });
  afterEach(async () => {
    await owner.backplane.close();
    if (asked !== owner) await asked.backplane.close();
  });

  async function bind(clientId: string, identity: Identity): Promise<SubscribeOutcome> {
    const ticket = await asked.backplane.takeTicket();
    return asked.backplane.subscribe({ clientId, ticket, address: "", identity, subscriptions: ["a"] });
  }

  const hold = (...clientIds: readonly string[]): Promise<unknown> =>
    Promise.all(clientIds.map((clientId, index) => (index % 2 ? asked : owner).hold(clientId)));

  test("an identity has as many streams as it may on all nodes, and each of them again", async () => {
    await hold("c1", "c2", "c3", "c4");
    expect(await bind("c1", record("u1"))).toBe("live");
    expect(await bind("c2", record("u1"))).toBe("live");
    expect(await bind("c3", record("u1"))).toBe("too-many-streams");
    expect(await bind("c1", record("u1"))).toBe("live");
    expect(await bind("c3", record("u2"))).toBe("live");
    expect(await bind("c4", guest)).toBe("live");
  });

  test("a stream that is over, or has lost its identity, makes room", async () => {
    await hold("c1", "c2", "c3", "c4");
    await bind("c1", record("u1"));
    await bind("c2", record("u1"));
    await owner.backplane.unregister("c1", { wasSubscribed: true });
    expect(await bind("c3", record("u1"))).toBe("live");
    expect(await bind("c4", record("u1"))).toBe("too-many-streams");
    await owner.backplane.release(["c3"], "users_id/u1");
    expect(await bind("c4", record("u1"))).toBe("live");
  });

  test("who was refused changed nothing: the stream is still a guest's", async () => {
    await hold("c1", "c2", "c3");
    await bind("c1", record("u1"));
    await bind("c2", record("u1"));
    await bind("c3", record("u1"));
    expect(await bind("c3", guest)).toBe("live");
    expect(await bind("c3", record("u2"))).toBe("live");
  });

  test("guests and superusers have as many as they like", async () => {
    const superuser: Identity = { ...record("s1"), kind: "superuser", collectionId: superusers.id };
    await hold("c1", "c2", "c3", "c4", "c5", "c6");
    for (const clientId of ["c1", "c2", "c3"]) expect(await bind(clientId, superuser)).toBe("live");
    for (const clientId of ["c4", "c5", "c6"]) expect(await bind(clientId, guest)).toBe("live");
  });
});

import { type AuthRecord, guest, type Identity } from "@sluice/protocol";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import type { RecordingNode } from "../../../test/harness/recording-node.ts";
import { implementations } from "../../../test/harness/recording-nodes.ts";

const ann: AuthRecord = {
  kind: "record",
  id: "ann",
  collectionId: "users_id",
  collectionName: "users",
  claims: {},
};

describe.each(implementations)("%s", (_name, open) => {
  let owner: RecordingNode;
  let asked: RecordingNode;
  let cursors: readonly string[];
  beforeEach(async () => {
    ({ owner, asked } = await open(inject("redisUrl")));
    cursors = await owner.backplane.append([
      { text: "one" },
      { text: "two" },
      { text: "three" },
      { text: "four" },
    ]);
  });
  afterEach(() => close());

  async function close(): Promise<void> {
    await owner.backplane.close();
    if (asked !== owner) await asked.backplane.close();
  }

  interface Who {
    readonly identity?: Identity;
    readonly subscriptions?: readonly string[];
    readonly keepsCursor?: boolean;
  }

  /** Has a client subscribe; returns the cursor that it adopts. */
  async function arrive(clientId: string, who: Who = {}): Promise<string | undefined> {
    const { identity = guest, subscriptions = ["a", "b"], keepsCursor = false } = who;
    await owner.hold(clientId, "", keepsCursor);
    const ticket = await asked.backplane.takeTicket();
    const change = { clientId, ticket, address: "", identity, subscriptions };
    expect(await asked.backplane.subscribe(change)).toBe("live");
    return owner.applied.at(-1)?.adopted;
  }

  const leave = (clientId: string, orphanedAt?: string): Promise<void> =>
    owner.backplane.unregister(clientId, { orphanedAt, wasSubscribed: true });

  /** Has a client come, and makes an orphan of it. */
  async function orphan(clientId: string, orphanedAt: string | undefined, who?: Who): Promise<void> {
    await arrive(clientId, who);
    await leave(clientId, orphanedAt);
  }

  test("who comes behind an orphan that is like it begins where that was", async () => {
    await orphan("c1", cursors[1]);
    expect(await arrive("c2", { subscriptions: ["b", "a", "b"] })).toBe(cursors[1]);
  });

  test("a client that left by itself is no orphan", async () => {
    await orphan("c1", undefined);
    expect(await arrive("c2")).toBeUndefined();
  });

  test.each<[who: string, orphaned: Who, comes: Who]>([
    ["has another identity", {}, { identity: ann }],
    ["is a guest behind an auth record", { identity: ann }, {}],
    ["has one subscription more", {}, { subscriptions: ["a", "b", "c"] }],
    ["has one less", {}, { subscriptions: ["a"] }],
    [
      "subscribes to another's name as if it were its own",
      { identity: ann, subscriptions: ["users_id/bob"] },
      {
        identity: { ...ann, id: "bob" },
        subscriptions: ["users_id/ann"],
      },
    ],
    ["keeps a cursor itself", {}, { keepsCursor: true }],
    ["comes behind one that kept a cursor", { keepsCursor: true }, {}],
  ])("who %s adopts nobody", async (_who, orphaned, comes) => {
    await orphan("c1", cursors[1], orphaned);
    expect(await arrive("c2", comes)).toBeUndefined();
  });

  test("only the first subscriptions of a client adopt", async () => {
    await arrive("c1", { subscriptions: ["a"] });
    await orphan("c2", cursors[1]);
    const ticket = await asked.backplane.takeTicket();
    const change = { clientId: "c1", ticket, address: "", identity: guest, subscriptions: ["a", "b"] };
    expect(await asked.backplane.subscribe(change)).toBe("live");
    expect(owner.applied.at(-1)?.adopted).toBeUndefined();
  });

  test("a client counts with the subscriptions and the identity that it had last", async () => {
    await arrive("c1", { subscriptions: ["a"] });
    const ticket = await asked.backplane.takeTicket();
    const change = { clientId: "c1", ticket, address: "", identity: ann, subscriptions: ["z"] };
    await asked.backplane.subscribe(change);
    await leave("c1", cursors[2]);
    expect(await arrive("c2", { identity: ann, subscriptions: ["z"] })).toBe(cursors[2]);
  });

  test("those who are alike begin where the first of them was, in whatever order they come", async () => {
    const places = [cursors[2], cursors[0], cursors[1]];
    for (const index of places.keys()) await arrive(`c${index}`);
    for (const [index, place] of places.entries()) await leave(`c${index}`, place);
    const adopted = [await arrive("d1"), await arrive("d2"), await arrive("d3")];
    expect(adopted).toEqual([cursors[0], cursors[0], cursors[0]]);
  });

  test("an orphan that was adopted by a client which was gone before it was served can be adopted again", async () => {
    await orphan("c1", cursors[1]);
    expect(await arrive("c2")).toBe(cursors[1]);
    await leave("c2", cursors[1]);
    expect(await arrive("c3")).toBe(cursors[1]);
  });

  test("behind its time nobody adopts it", async () => {
    await close();
    ({ owner, asked } = await open(inject("redisUrl"), { orphanSeconds: 1 }));
    await orphan("c1", (await owner.backplane.append([{ text: "one" }]))[0]);
    let arrivals = 0;
    const adopts = async (): Promise<unknown> => arrive(`d${++arrivals}`);
    expect(await adopts()).toBeDefined();
    await expect.poll(adopts, { timeout: 8_000, interval: 100 }).toBeUndefined();
  });

  test("with no time at all there are no orphans", async () => {
    await close();
    ({ owner, asked } = await open(inject("redisUrl"), { orphanSeconds: 0 }));
    await orphan("c1", (await owner.backplane.append([{ text: "one" }]))[0]);
    expect(await arrive("c2")).toBeUndefined();
  });
});

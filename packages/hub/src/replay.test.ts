import { type Cursor, guest, type Identity } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import {
  collectionSet,
  namesIn,
  openRecordingHub,
  postEvent,
  posts,
  type RecordingHub,
  user,
} from "../../../test/harness/recording-hub.ts";
import type { Frame } from "./batch.ts";
import type { ReplayOutcome } from "./replay.ts";

/** Posts that are seen by their owner alone. */
const owned = {
  ...posts,
  listRule: "owner = @request.auth.id",
  viewRule: "owner = @request.auth.id",
  fields: [...posts.fields, { name: "owner", type: "text" }],
};

const ownedEvent = (owner: string): ReturnType<typeof postEvent> =>
  postEvent("p1", { record: { id: "p1", title: "t", owner } });

/** What a client had, and up to where it missed what came. */
const missing = (from: string, until = "9-0"): { from: Cursor; until: string } => {
  const [entry = "", place] = from.split(".");
  return { from: { entry, place }, until };
};

function textOf(frames: readonly Frame[]): string {
  return frames.map(({ bytes }) => new TextDecoder().decode(bytes)).join("");
}

/** The ids of frames, in their order. */
function idsIn(outcome: ReplayOutcome | undefined): readonly string[] {
  if (outcome === undefined || typeof outcome === "string") return [String(outcome)];
  return Array.from(textOf(outcome).matchAll(/^id:(.*)$/gm), ([, id = ""]) => id);
}

/** A megabyte; the hub's limit for all clients is 10 MB, of which a replay may have a quarter. */
const large = (id: string): ReturnType<typeof postEvent> =>
  postEvent(id, { record: { id, title: "x".repeat(1_000_000) } });

/** A hub with one client, which is held. */
function openHeld(subscriptions: readonly string[], identity: Identity = guest): RecordingHub {
  const recording = openRecordingHub([posts]);
  recording.subscribe("c1", subscriptions, identity);
  recording.hub.hold("c1");
  return recording;
}

describe("a replay", () => {
  test("has what lies behind the one place, up to the other", () => {
    const { hub } = openHeld(["posts/*"]);
    const replay = hub.openReplay();
    replay.join("c1", missing("1-0", "3-0"));
    for (const entry of ["1-0", "2-0", "3-0", "4-0"]) replay.take(postEvent(), entry);
    expect(idsIn(replay.outcomeOf("c1"))).toEqual(["2-0", "3-0"]);
  });

  test("is for each client who joined what came behind its own place", () => {
    const { hub, subscribe } = openHeld(["posts/*"]);
    subscribe("c2", ["posts/p2"]);
    const replay = hub.openReplay();
    replay.join("c1", missing("1-0"));
    replay.take(postEvent("p1"), "2-0");
    replay.join("c2", missing("2-0"));
    for (const [index, id] of ["p2", "p1", "p2"].entries()) replay.take(postEvent(id), `${index + 3}-0`);
    expect(idsIn(replay.outcomeOf("c1"))).toEqual(["2-0", "3-0", "4-0", "5-0"]);
    expect(idsIn(replay.outcomeOf("c2"))).toEqual(["3-0", "5-0"]);
    expect(replay.outcomeOf("c3")).toBeUndefined();
  });

  test("goes on inside an event of which the client had some frames", () => {
    const { hub, subscribe, flush } = openHeld([]);
    const subscriptions = ["posts/*", "posts/p1", "posts"];
    subscribe("c2", subscriptions);
    hub.dispatchRecord(postEvent(), "5-0");
    const live = flush()["c2"] ?? "";
    const ids = Array.from(live.matchAll(/^id:(.*)$/gm), ([, id = ""]) => id);
    expect(ids.at(-1)).toBe("5-0");
    subscribe("c1", subscriptions);
    for (const [index, had] of ids.entries()) {
      const replay = hub.openReplay();
      replay.join("c1", missing(had));
      replay.take(postEvent(), "5-0");
      expect(idsIn(replay.outcomeOf("c1"))).toEqual(ids.slice(index + 1));
    }
  });

  test("has messages too, for whom they are", () => {
    const { hub, subscribe } = openHeld(["news"]);
    subscribe("c2", ["news"], user("u1"));
    const replay = hub.openReplay();
    replay.join("c1", missing("1-0"));
    replay.join("c2", missing("1-0"));
    const message = { kind: "message", topic: "news", data: "1" } as const;
    replay.take({ ...message, rule: "" }, "2-0");
    replay.take({ ...message, rule: '@request.auth.id != ""' }, "3-0");
    replay.take({ ...message, rule: "", clientId: "c1" }, "4-0");
    expect(idsIn(replay.outcomeOf("c1"))).toEqual(["2-0", "4-0"]);
    expect(idsIn(replay.outcomeOf("c2"))).toEqual(["2-0", "3-0"]);
  });

  test("tells of a leave", () => {
    const wanted = `posts/*?options=${encodeURIComponent('{"query":{"leave":true,"filter":"title = \\"t\\""}}')}`;
    const { hub } = openHeld([wanted]);
    const replay = hub.openReplay();
    replay.join("c1", missing("1-0"));
    const record = { id: "p1", title: "other" };
    replay.take(postEvent("p1", { action: "update", before: { id: "p1", title: "t" }, record }), "2-0");
    const outcome = replay.outcomeOf("c1");
    expect(typeof outcome === "object" && textOf(outcome)).toBe(
      `id:2-0\nevent:${wanted}\ndata:{"record":{"id":"p1"},"action":"leave"}\n\n`,
    );
  });

  test("counts no denials: they were counted when the events were live", () => {
    const { hub, denied } = openHeld(["posts/*"]);
    hub.setCollections(collectionSet(owned));
    const replay = hub.openReplay();
    replay.join("c1", missing("1-0"));
    replay.take(ownedEvent("u1"), "2-0");
    expect(idsIn(replay.outcomeOf("c1"))).toEqual([]);
    expect(denied).toEqual([]);
  });
});

describe("a replay is decided by the rules and identities of now", () => {
  test("by rules that changed while it goes on", () => {
    const { hub } = openHeld(["posts/*"], user("u1"));
    const replay = hub.openReplay();
    replay.join("c1", missing("1-0"));
    replay.take(ownedEvent("u2"), "2-0");
    hub.setCollections(collectionSet(owned));
    replay.take(ownedEvent("u2"), "3-0");
    replay.take(ownedEvent("u1"), "4-0");
    expect(idsIn(replay.outcomeOf("c1"))).toEqual(["2-0", "4-0"]);
  });

  test("by a set and an identity that changed while it goes on", () => {
    const { hub, subscribe } = openHeld(["posts/*"], user("u1"));
    hub.setCollections(collectionSet(owned));
    const replay = hub.openReplay();
    replay.join("c1", missing("1-0"));
    replay.take(ownedEvent("u1"), "2-0");
    subscribe("c1", ["posts/p1"], user("u2"));
    replay.take(ownedEvent("u1"), "3-0");
    replay.take(ownedEvent("u2"), "4-0");
    const outcome = replay.outcomeOf("c1");
    expect(idsIn(outcome)).toEqual(["2-0", "4-0"]);
    expect(typeof outcome === "object" && namesIn(textOf(outcome))).toEqual(["posts/*", "posts/p1"]);
  });

  test("as a guest's once the auth record is gone", () => {
    const { hub } = openHeld(["posts/*"], user("u1"));
    hub.setCollections(collectionSet(owned));
    const replay = hub.openReplay();
    replay.join("c1", missing("1-0"));
    hub.dispatchRecord({
      kind: "record",
      action: "delete",
      collection: "users_id",
      record: { id: "u1" },
    });
    replay.take(ownedEvent("u1"), "2-0");
    expect(idsIn(replay.outcomeOf("c1"))).toEqual([]);
  });
});

describe("a replay is bounded", () => {
  test("who missed too much gets nothing of it", () => {
    const { hub, subscribe } = openHeld(["posts/*"]);
    subscribe("c2", ["posts/p2"]);
    const replay = hub.openReplay();
    for (const id of ["c1", "c2"]) replay.join(id, missing("1-0"));
    for (const [index, id] of ["p1", "p1", "p2", "p1"].entries()) replay.take(large(id), `${index + 2}-0`);
    expect(replay.outcomeOf("c1")).toBe("too-large");
    expect(idsIn(replay.outcomeOf("c2"))).toEqual(["4-0"]);
  });

  test("of those who together missed too much, the last ones are put off", () => {
    const { hub, subscribe } = openHeld(["posts/p1"]);
    for (const id of ["c2", "c3"]) subscribe(id, ["posts/p1"]);
    const replay = hub.openReplay();
    for (const id of ["c1", "c2", "c3"]) replay.join(id, missing("1-0"));
    for (const entry of ["2-0", "3-0"]) replay.take(large("p1"), entry);
    const outcomes = ["c1", "c2", "c3"].map((id) => idsIn(replay.outcomeOf(id)));
    expect(outcomes).toEqual([["2-0", "3-0"], ["put-off"], ["put-off"]]);
  });
});

/** Replays what lies behind 1-0, up to 2-0; 2-0 to 4-0 come live meanwhile. */
function resumed(had: Cursor | undefined): string {
  const { hub, subscribe, flush } = openHeld(["posts/*", "news"]);
  subscribe("c2", ["posts/*"]);
  for (const entry of ["2-0", "3-0"]) hub.dispatchRecord(postEvent(), entry);
  hub.dispatchMessage({ kind: "message", topic: "news", data: "1", rule: "" });
  expect(Object.keys(flush())).toEqual(["c2"]);
  const replay = hub.openReplay();
  replay.join("c1", missing("1-0", "2-0"));
  replay.take(postEvent(), "2-0");
  const frames = replay.outcomeOf("c1");
  hub.endHold("c1", typeof frames === "object" ? frames : [], had);
  hub.dispatchRecord(postEvent(), "4-0");
  return flush()["c1"] ?? "";
}

describe("what comes while a client is held", () => {
  test("comes behind what it missed, and what is in both comes once", () => {
    const text = resumed({ entry: "2-0" });
    expect(text.match(/^id:.*$/gm)).toEqual(["id:2-0", "id:3-0", "id:4-0"]);
    expect(namesIn(text)).toEqual(["posts/*", "posts/*", "news", "posts/*"]);
  });

  test("is dropped up to where the client had been already", () => {
    expect(resumed({ entry: "3-0" }).match(/^id:.*$/gm)).toEqual(["id:2-0", "id:4-0"]);
  });

  test("waits for all: a held client is not settled, and takes nothing from others", () => {
    const { hub, flush } = openHeld(["posts/*"]);
    expect(hub.isSettled("c1")).toBe(false);
    hub.dispatchRecord(postEvent(), "2-0");
    expect(flush()).toEqual({});
    expect(hub.waitingBytes).toBeGreaterThan(0);
    hub.endHold("c1", []);
    flush();
    expect([hub.isSettled("c1"), hub.waitingBytes]).toEqual([true, 0]);
  });
});

test("a sealed hub sends nothing more to who had subscribed", () => {
  const { hub, subscribe, flush } = openRecordingHub([posts]);
  subscribe("c1", ["posts/*"]);
  hub.dispatchRecord(postEvent("p1"), "1-0");
  hub.seal();
  subscribe("c2", ["posts/*"]);
  hub.dispatchRecord(postEvent("p2"), "2-0");
  const texts = flush();
  expect(texts["c1"]?.match(/^id:.*$/gm)).toEqual(["id:1-0"]);
  expect(texts["c2"]?.match(/^id:.*$/gm)).toEqual(["id:2-0"]);
  expect(hub.isSettled("c1")).toBe(false);
});

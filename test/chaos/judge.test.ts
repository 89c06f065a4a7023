import { expect, test } from "vitest";
import type { StreamRecord } from "./balancer.ts";
import type { ClientKind } from "./client-plan.ts";
import { placeAt } from "./cursor.ts";
import { Journal } from "./journal.ts";
import { judge } from "./judge.ts";
import type { Mark } from "./mark.ts";
import { emptyTally, type Tally } from "./tally.ts";
import type { WrittenEvent } from "./written-event.ts";

/** Event 1 is written at 1,000 ms, event 2 at 2,000, and so on; all are of one post but the last, which is a message. */
const events: readonly WrittenEvent[] = Array.from({ length: 9 }, (_, serial) => ({
  serial,
  writer: 0,
  sequence: serial,
  content:
    serial === 8
      ? { kind: "message", topic: "news" }
      : {
          kind: "record",
          action: "update",
          collection: serial === 0 ? "secrets" : "posts",
          id: "p1",
          owner: "u1",
          group: "a",
          padding: 0,
        },
  begunMs: serial * 1_000,
  cursor: serial === 7 ? undefined : `${serial * 1_000}-0`,
}));

/** A timeline in a few letters: digits are events, each handed 10 ms after it was written or at once behind another. */
function timelineOf(text: string): readonly Mark[] {
  const marks: Mark[] = [];
  for (const letter of text) {
    const atMs = marks.at(-1)?.atMs ?? 0;
    const serial = Number(letter);
    if (letter === "P") marks.push({ type: "stream", clientId: "", atMs });
    else if (letter === "S") marks.push({ type: "stream", clientId: "", atMs }, { type: "live", atMs });
    else if (letter === "L") marks.push({ type: "subscribed", atMs });
    else if (letter === "E") marks.push({ type: "end", atMs });
    else if (letter === "R") marks.push({ type: "resume", resumed: true, replayed: 1, atMs });
    else if (letter === "N") marks.push({ type: "resume", resumed: false, replayed: 0, atMs });
    else if (letter === "C") marks.push({ type: "conflated", skipped: 2, atMs });
    else if (letter === ".") marks.push({ type: "end", atMs: atMs + 1_000 });
    else
      marks.push({
        type: "event",
        subscription: serial === 8 ? 1 : 0,
        serial,
        atMs: Math.max(atMs, serial * 1_000 + 10),
      });
  }
  return marks;
}

interface Case {
  readonly title: string;
  readonly timeline: string;
  readonly kind?: ClientKind;
  readonly streams?: readonly Partial<StreamRecord>[];
  readonly losses?: Journal["losses"];
  /** Others like it. */
  readonly alike?: readonly string[];
  readonly counts: Partial<Tally>;
}

const all = { expected: 7, received: 7 };

const cases: readonly Case[] = [
  { title: "everything is handed", timeline: "SL1234568", counts: all },
  { title: "what nobody knows to be in the log may come", timeline: "SL12345678", counts: all },
  { title: "one is missing", timeline: "SL124568", counts: { expected: 7, received: 6, lost: 1 } },
  { title: "the last ones are missing", timeline: "SL12345", counts: { expected: 7, received: 5, lost: 2 } },
  {
    title: "one is missing at a resume that was granted",
    timeline: "SL12ESR4568",
    counts: { expected: 7, received: 6, lost: 1, granted: 1 },
  },
  {
    title: "a refused resume says that some may be missing",
    timeline: "SL12ES..N568",
    losses: [{ kind: "all", above: 0, below: placeAt(2_500), fromMs: 2_400, toMs: 2_600 }],
    streams: [{ offered: "2000-0", openedMs: 2_100 }],
    counts: { expected: 7, received: 5, excused: 2, refused: 1 },
  },
  {
    title: "a refused resume says nothing of what is written behind it",
    timeline: "SL12ESN568",
    losses: [{ kind: "all", above: 0, below: placeAt(2_500), fromMs: 0, toMs: 10 }],
    streams: [{ offered: "2000-0", openedMs: 2_000 }],
    counts: { expected: 7, received: 5, lost: 2, refused: 1 },
  },
  {
    title: "nothing was lost, and it is refused",
    timeline: "SL12ESN34568",
    streams: [{ offered: "2000-0", openedMs: 2_000 }],
    counts: { ...all, refused: 1, falselyRefused: 1 },
  },
  {
    title: "its place was lost, and it is granted",
    timeline: "SL12ESR34568",
    losses: [{ kind: "all", above: 0, below: placeAt(2_500), fromMs: 1_900, toMs: 1_950 }],
    streams: [{ offered: "2000-0", openedMs: 2_000 }],
    counts: { ...all, granted: 1, falselyGranted: 1 },
  },
  {
    title: "what the promoted replica lacks is owed to nobody",
    timeline: "SL124568",
    losses: [{ kind: "tail", above: placeAt(2_000), below: placeAt(3_500), fromMs: 3_400, toMs: 3_500 }],
    counts: { expected: 6, received: 6 },
  },
  {
    title: "a conflated record is told, and its newest state comes",
    timeline: "SL1....C4568",
    counts: { expected: 7, received: 5, excused: 2, conflated: 2 },
  },
  {
    title: "more is missing than was told",
    timeline: "SL1....C568",
    counts: { expected: 7, received: 4, excused: 2, lost: 1, conflated: 2 },
  },
  { title: "one comes twice", timeline: "SL12334568", counts: { ...all, repeated: 1, repeatedWrongly: 1 } },
  { title: "two change places", timeline: "SL1324568", counts: { ...all, outOfOrder: 1 } },
  { title: "one is not for it", timeline: "SL01234568", counts: { ...all, leaked: 1 } },
  {
    title: "an SDK is sent again what was written just before its stream ended",
    kind: "stock",
    timeline: "SL123ES234568",
    counts: { ...all, repeated: 2 },
  },
  {
    title: "an SDK is sent again what is older",
    kind: "stock",
    timeline: "SL12345ES2568",
    counts: { ...all, repeated: 2, repeatedWrongly: 1 },
  },
  {
    title: "an SDK is sent again what another one that is like it had when its stream ended",
    kind: "stock",
    timeline: "SL12345ES25681",
    alike: ["SL123ES"],
    counts: { ...all, repeated: 3, repeatedOfOthers: 2 },
  },
  {
    title: "an SDK is sent again what came on a stream that it gave up",
    kind: "stock",
    timeline: "SL12EP3456S3456..8",
    counts: { ...all, repeated: 4 },
  },
  {
    title: "a client that keeps a cursor is sent again what another had",
    timeline: "SL12345ES2568",
    alike: ["SL123ES"],
    counts: { ...all, repeated: 2, repeatedWrongly: 2 },
  },
  {
    title: "an SDK misses something when its node ended the stream",
    kind: "stock",
    timeline: "SL12ES4568",
    streams: [{ openedMs: 0, endedMs: 2_010, endedBy: "node" }],
    counts: { expected: 7, received: 6, lost: 1 },
  },
  {
    title: "an SDK misses something when the network cut the stream",
    kind: "stock",
    timeline: "SL12ES4568",
    streams: [{ openedMs: 0, endedMs: 2_010, endedBy: "network" }],
    counts: { expected: 7, received: 6, excused: 1 },
  },
];

test.each(cases)("$title", ({ timeline, kind = "native", streams = [], losses = [], alike = [], counts }) => {
  const journal = new Journal(() => undefined);
  journal.losses.push(...losses);
  const record = {
    client: 0,
    offered: "",
    openedMs: 0,
    node: 0,
    status: 200,
    endedMs: 0,
    endedBy: undefined,
  };
  const { tally } = judge({
    plan: {
      number: 0,
      kind,
      viewer: "guest",
      token: undefined,
      subscriptions: ["posts/*", "news"],
      lateMs: 0,
    },
    timeline: timelineOf(timeline),
    streams: streams.map((stream) => ({ ...record, ...stream })),
    events,
    journal,
    alike: alike.map(timelineOf),
  });
  expect(tally).toEqual({ ...emptyTally(), clients: 1, streams: streams.length, ...counts });
});

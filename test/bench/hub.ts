import { CollectionSet, guest, type Identity, type JsonObject, parseCollections } from "@sluice/protocol";
import { Hub, RecordStore } from "@sluice/hub";
import { CompiledRule } from "@sluice/rules";
import { judge, printFigure, quantile } from "./figure.ts";

/** A hub with many subscribers, and how an event is sent to them. */
interface Crowd {
  readonly send: (index: number) => void;
  readonly delivered: () => number;
}

interface CrowdPlan {
  readonly listRule: string;
  readonly subscribers: number;
  readonly identityOf?: (index: number) => Identity;
  readonly subscriptionOf?: (index: number) => string;
  readonly recordOf: (index: number) => JsonObject;
  /** Who is a member of which room, if anybody is. */
  readonly members?: readonly { readonly user: string; readonly room: string }[];
}

const fields = [
  { name: "owner", type: "relation", maxSelect: 1 },
  { name: "editors", type: "relation", maxSelect: 5 },
  { name: "flag", type: "bool" },
  { name: "minRole", type: "text" },
  { name: "room", type: "text" },
  { name: "text", type: "text" },
];

const memberFields = [
  { name: "user", type: "relation", collectionId: "users" },
  { name: "room", type: "text" },
];

function gather(plan: CrowdPlan): Crowd {
  const { listRule, subscribers, identityOf, subscriptionOf, recordOf, members = [] } = plan;
  let delivered = 0;
  let flush: (() => void) | undefined;
  const records = new RecordStore({ maxRecords: members.length, onTooMany: () => undefined });
  const hub = new Hub({
    records,
    position: () => "",
    nowMs: () => 1_790_000_000_000,
    steadyMs: () => 0,
    limits: { clientBytes: 1_000_000, totalBytes: 1_000_000_000 },
    defer: (run) => (flush = run),
    onDelivered: (frames) => (delivered += frames),
    onDenied: () => undefined,
    onReleased: () => undefined,
  });
  const { collections } = parseCollections([
    { name: "posts", listRule, fields },
    { name: "memberships", id: "memberships", fields: memberFields },
    { name: "users", id: "users", type: "auth", fields: [] },
  ]);
  hub.setCollections(new CollectionSet(collections));
  const load = records.begin("memberships");
  for (const [index, member] of members.entries()) load.put(`m${index}`, { id: `m${index}`, ...member });
  hub.finishLoad("memberships", load);
  const sink = { write: () => true, cut: () => undefined };
  for (let index = 0; index < subscribers; index++) {
    hub.add(`c${index}`, "", sink);
    const identity = identityOf?.(index) ?? guest;
    hub.apply(`c${index}`, { version: 1, identity, subscriptions: [subscriptionOf?.(index) ?? "posts/*"] });
  }
  return {
    send: (index) => {
      const record = { id: `record${index}`, text: "x".repeat(200), ...recordOf(index) };
      hub.dispatchRecord({ kind: "record", action: "update", collection: "posts", record });
      flush?.();
    },
    delivered: () => delivered,
  };
}

function userId(index: number): string {
  return `user${String(index).padStart(11, "0")}`;
}

function userOf(index: number, claims: JsonObject = {}): Identity {
  return { kind: "record", id: userId(index), collectionId: "users", collectionName: "users", claims };
}

/** A record that one of a thousand users owns. */
function ownedRecord(index: number): JsonObject {
  return { owner: userId(index % 1_000), editors: [] };
}

/**
 * Microseconds of CPU for one event of each crowd, in the median of several rounds. The crowds take turns, so that what
 * disturbs one disturbs the others: mostly whoever else uses the processor's caches. Each round goes on where the last one
 * ended.
 */
function eventUs(crowds: readonly Crowd[]): readonly number[] {
  let sent = 0;
  const round = (): readonly number[] => {
    const first = sent;
    sent += 2_500;
    return crowds.map((crowd) => roundUs(crowd, first));
  };
  for (let rounds = 0; rounds < 7; rounds++) round();
  const seen = Array.from({ length: 15 }, round);
  return crowds.map((_, index) =>
    quantile(
      seen.map((all) => all[index] ?? Number.NaN),
      0.5,
    ),
  );
}

function roundUs({ send }: Crowd, first: number): number {
  const [warm, events] = [500, 2_000];
  for (let index = 0; index < warm; index++) send(first + index);
  const before = process.cpuUsage();
  for (let index = 0; index < events; index++) send(first + warm + index);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / events;
}

/** How often something is called while one event is sent. */
function countCalls<T extends object>(owner: T, name: keyof T & string, send: () => void): number {
  const original = Object.getOwnPropertyDescriptor(owner, name);
  const method: unknown = original?.value;
  if (original === undefined || typeof method !== "function")
    throw new TypeError(`expected a method ${name}`);
  let calls = 0;
  const counting = function (this: unknown, ...args: unknown[]): unknown {
    calls += 1;
    return Reflect.apply(method, this, args);
  };
  Object.defineProperty(owner, name, { ...original, value: counting });
  send();
  Object.defineProperty(owner, name, original);
  return calls;
}

const ownerRule = "owner = @request.auth.id";
const eitherRule = "owner = @request.auth.id || editors:each ?= @request.auth.id || flag = true";

for (const [what, listRule] of [
  ["owner", ownerRule],
  ["owner, editors or flag", eitherRule],
] as const) {
  const [few = Number.NaN, many = Number.NaN] = eventUs(
    [1_000, 100_000].map((subscribers) =>
      gather({ listRule, subscribers, identityOf: userOf, recordOf: ownedRecord }),
    ),
  );
  printFigure(
    judge({
      figure: `hub, 100,000 subscribers: CPU per event, pinned by ${what}`,
      seen: many,
      unit: "µs",
      baseline: { of: "1,000 subscribers", seen: few },
      wanted: { of: "ratio", most: 2 },
    }),
  );
}

{
  const [few = Number.NaN, many = Number.NaN] = eventUs(
    [500, 50_000].map((subscribers) =>
      gather({
        listRule: "",
        subscribers,
        subscriptionOf: (index) =>
          `posts/*?options=${encodeURIComponent(JSON.stringify({ query: { filter: `room = "r${index}"` } }))}`,
        recordOf: (index) => ({ room: `r${index % subscribers}` }),
      }),
    ),
  );
  printFigure(
    judge({
      figure: "hub, 50,000 distinct filters: CPU per event",
      seen: many,
      unit: "µs",
      baseline: { of: "500 filters", seen: few },
      wanted: { of: "ratio", most: 2 },
    }),
  );
}

/** Subscribers in rooms of 20, with events in some of the rooms, in turn. */
function gatherMembers(subscribers: number, busyRooms: number): Crowd {
  const crowd = gather({
    listRule: "@collection.memberships.user ?= @request.auth.id && @collection.memberships.room ?= room",
    subscribers,
    identityOf: userOf,
    recordOf: (index) => ({ room: `room${index % busyRooms}` }),
    members: Array.from({ length: subscribers }, (_, index) => ({
      user: userId(index),
      room: `room${index % (subscribers / 20)}`,
    })),
  });
  crowd.send(1);
  if (crowd.delivered() === 20) return crowd;
  throw new TypeError(`expected 20 members to get it, got ${crowd.delivered()}`);
}

{
  const [few = Number.NaN, many = Number.NaN, everywhere = Number.NaN] = eventUs([
    gatherMembers(10_000, 500),
    gatherMembers(100_000, 500),
    gatherMembers(100_000, 5_000),
  ]);
  const title = "hub, 100,000 subscribers in rooms of 20: CPU per event, by membership";
  const baseline = { of: "10,000 subscribers", seen: few };
  const all = { figure: `${title}, in all 5,000 rooms`, seen: everywhere, unit: "µs" };
  const busy = { figure: `${title}, in 500 rooms`, seen: many, unit: "µs" };
  printFigure(judge({ ...all, wanted: { of: "seen", most: 60 } }));
  printFigure(judge({ ...all, baseline, wanted: { of: "ratio", most: 1.33 } }));
  printFigure(judge({ ...busy, baseline, wanted: { of: "ratio", most: 1.33 } }));
}

/** Counts calls while one event reaches a crowd; that it reaches somebody is seen to. */
function printCalls(figure: string, crowd: Crowd, { count, most }: CallCount): void {
  crowd.send(0);
  const before = crowd.delivered();
  const seen = count(() => crowd.send(1));
  if (crowd.delivered() === before) throw new TypeError(`expected somebody to get it: ${figure}`);
  printFigure(judge({ figure, seen, unit: "calls", wanted: { of: "seen", most } }));
}

interface CallCount {
  readonly count: (send: () => void) => number;
  readonly most: number;
}

printCalls(
  "hub, 100,000 subscribers of 10 roles: evaluations",
  gather({
    listRule: "@request.auth.role = minRole",
    subscribers: 100_000,
    identityOf: (index) => userOf(index, { role: `role${index % 10}` }),
    recordOf: () => ({ minRole: "role3" }),
  }),
  { count: (send) => countCalls(CompiledRule.prototype, "decide", send), most: 10 },
);
printCalls("hub, 100,000 subscribers in rooms of 20: evaluations", gatherMembers(100_000, 5_000), {
  count: (send) => countCalls(CompiledRule.prototype, "decide", send),
  most: 0,
});
printCalls(
  "hub, 100,000 recipients of one view: encodings",
  gather({ listRule: "", subscribers: 100_000, recordOf: () => ({}) }),
  { count: (send) => countCalls(JSON, "stringify", send), most: 1 },
);

import { CollectionSet, guest, type Identity, type JsonObject, parseCollections } from "@sluice/protocol";
import { Hub } from "@sluice/hub";
import { CompiledRule } from "@sluice/rules";

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
}

const fields = [
  { name: "owner", type: "relation", maxSelect: 1 },
  { name: "editors", type: "relation", maxSelect: 5 },
  { name: "flag", type: "bool" },
  { name: "minRole", type: "text" },
  { name: "room", type: "text" },
  { name: "text", type: "text" },
];

function gather({ listRule, subscribers, identityOf, subscriptionOf, recordOf }: CrowdPlan): Crowd {
  let delivered = 0;
  let flush: (() => void) | undefined;
  const hub = new Hub({
    nowMs: () => 1_790_000_000_000,
    steadyMs: () => 0,
    limits: { clientBytes: 1_000_000, totalBytes: 1_000_000_000 },
    defer: (run) => (flush = run),
    onDelivered: (frames) => (delivered += frames),
    onDenied: () => undefined,
    onReleased: () => undefined,
  });
  hub.setCollections(
    new CollectionSet(parseCollections([{ name: "posts", type: "base", listRule, fields }]).collections),
  );
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

/** Microseconds of CPU for one event: the least of several rounds, which other processes disturb least. */
function eventUs({ send }: Crowd, events = 2_000): number {
  for (let index = 0; index < 500; index++) send(index);
  const rounds = Array.from({ length: 7 }, () => {
    const before = process.cpuUsage();
    for (let index = 0; index < events; index++) send(index);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / events;
  });
  return Math.min(...rounds);
}

function print(figure: string, values: Readonly<Record<string, number | string>>): void {
  const rounded = Object.entries(values).map(([name, value]) => [
    name,
    typeof value === "number" ? Number(value.toPrecision(3)) : value,
  ]);
  process.stdout.write(`${JSON.stringify({ figure, ...Object.fromEntries(rounded) })}\n`);
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

for (const [figure, listRule] of [
  ["selectivity: owner", ownerRule],
  ["selectivity: owner, editors or flag", eitherRule],
] as const) {
  const [few, many] = [1_000, 100_000].map((subscribers) =>
    eventUs(gather({ listRule, subscribers, identityOf: userOf, recordOf: ownedRecord })),
  );
  print(figure, {
    eventUsOf1000: few ?? 0,
    eventUsOf100000: many ?? 0,
    ratio: (many ?? 0) / (few ?? 1),
    rule: listRule,
  });
}

{
  const crowd = gather({
    listRule: "@request.auth.role = minRole",
    subscribers: 100_000,
    identityOf: (index) => userOf(index, { role: `role${index % 10}` }),
    recordOf: () => ({ minRole: "role3" }),
  });
  crowd.send(0);
  const evaluations = countCalls(CompiledRule.prototype, "decide", () => crowd.send(1));
  print("evaluations: 10 roles, 100,000 subscribers", { evaluations, delivered: crowd.delivered() / 2 });
}

{
  const crowd = gather({
    listRule: "",
    subscribers: 50_000,
    subscriptionOf: (index) =>
      `posts/*?options=${encodeURIComponent(JSON.stringify({ query: { filter: `room = "r${index}"` } }))}`,
    recordOf: (index) => ({ room: `r${index}` }),
  });
  print("50,000 distinct filters", { eventUs: eventUs(crowd), filter: 'room = "r…"' });
}

{
  const crowd = gather({ listRule: "", subscribers: 100_000, recordOf: () => ({}) });
  crowd.send(0);
  const stringified = countCalls(JSON, "stringify", () => crowd.send(1));
  print("encoding: 100,000 recipients of one view", { stringified, delivered: crowd.delivered() / 2 });
}

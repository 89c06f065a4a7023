import { RecordStore } from "@sluice/hub";
import {
  compileRule,
  type RecordRow,
  type RequestValues,
  type RuleCollection,
  type RuleSchema,
  type Subject,
} from "@sluice/rules";

const membersPerRoom = 20;

const relation = (name: string, target: string, multiple = false) => ({
  name,
  type: "relation",
  target,
  multiple,
  hidden: false,
});

function collection(name: string, type: "base" | "auth", fields: RuleCollection["fields"]): RuleCollection {
  return { id: name, name, type, fields, listRule: "" };
}

const messages = collection("messages", "base", [relation("room", "rooms")]);

const collections = [
  messages,
  collection("rooms", "base", [relation("members", "users", true), relation("owner", "users")]),
  collection("memberships", "base", [relation("room", "rooms"), relation("user", "users")]),
  collection("users", "auth", []),
];

const schema: RuleSchema = {
  find: (key) => collections.find(({ id }) => id === key),
  all: () => collections,
};

const rules = [
  "@collection.memberships.user ?= @request.auth.id && @collection.memberships.room ?= room",
  "room.memberships_via_room.user ?= @request.auth.id",
  "room.members:each ?= @request.auth.id",
  "room.members.id ?= @request.auth.id",
];

const idOf = (index: number): string => String(index).padStart(15, "u");

/** So many subscribers, each a member of one room of twenty. */
function rowsFor(subscribers: number): ReadonlyMap<string, readonly RecordRow[]> {
  const users = Array.from({ length: subscribers }, (_, index) => ({ id: idOf(index) }));
  const memberships = users.map(({ id }, index) => ({
    id: `m${index}`,
    user: id,
    room: `room${Math.floor(index / membersPerRoom)}`,
  }));
  const rooms = Array.from({ length: subscribers / membersPerRoom }, (_, room) => ({
    id: `room${room}`,
    owner: idOf(room * membersPerRoom),
    members: Array.from({ length: membersPerRoom }, (__, index) => idOf(room * membersPerRoom + index)),
  }));
  return new Map<string, readonly RecordRow[]>([
    ["users", users],
    ["memberships", memberships],
    ["rooms", rooms],
    ["messages", []],
  ]);
}

function storeOf(rows: ReadonlyMap<string, readonly RecordRow[]>): RecordStore {
  const records = new RecordStore({ maxRecords: 1_000_000, onTooMany: () => undefined });
  for (const [collectionId, all] of rows) {
    const load = records.begin(collectionId);
    for (const row of all) load.put(String(row["id"]), row);
    records.finish(collectionId, load);
  }
  return records;
}

function requestOf(id: string): RequestValues {
  return { auth: { id, collectionId: "users", collectionName: "users" }, query: {}, headers: {} };
}

/**
 * Microseconds of CPU for one event: its audiences are found, and decided each where that is not known to be true.
 * @param activeRooms rooms that events are in: with few of them, memory that is out of the caches counts for little
 */
function measureUs(rule: string, subscribers: number, activeRooms: number): number {
  const rows = rowsFor(subscribers);
  const records = storeOf(rows);
  const compiled = compileRule(rule, { schema, collection: messages, kind: "rule" });
  const requests = (rows.get("users") ?? []).map(({ id }) => requestOf(String(id)));
  const program = compiled.programFor(requestOf("u"), records);
  if (program === "refused") throw new TypeError(`expected a rule, got none: ${rule}`);
  const { audiences } = program;
  const byKey = new Map<string, RequestValues[]>();
  for (const request of requests) {
    for (const key of audiences.pinKeysOf(request, records)[0] ?? []) {
      byKey.set(key, (byKey.get(key) ?? []).concat(request));
    }
  }
  const anybody = { query: {}, headers: {} };
  const dispatch = (event: number): number => {
    const record = { id: `e${event}`, room: `room${(event * 7919) % activeRooms}` };
    const subject: Subject = { record, request: anybody, records, nowMs: 0 };
    const pins = audiences.pinsOf(subject);
    if (pins === "everyone") throw new TypeError(`expected pins, got everyone: ${rule}`);
    let passed = 0;
    for (const { keys, isSure } of pins) {
      for (const request of keys.flatMap((key) => byKey.get(key) ?? [])) {
        if (isSure(request) || program.decide({ ...subject, request }) === true) passed += 1;
      }
    }
    return passed;
  };
  const events = 5_000;
  const rounds = Array.from({ length: 6 }, () => {
    const before = process.cpuUsage();
    for (let event = 0; event < events; event++) {
      if (dispatch(event) !== membersPerRoom)
        throw new TypeError(`expected ${membersPerRoom} to pass: ${rule}`);
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / events;
  });
  return Math.min(...rounds);
}

for (const rule of rules) {
  const figures = {
    cpuUsAt10000: measureUs(rule, 10_000, 500),
    cpuUsAt100000: measureUs(rule, 100_000, 500),
    cpuUsAt100000InAllRooms: measureUs(rule, 100_000, 5_000),
  };
  const rounded = Object.entries(figures).map(([name, us]) => [name, Number(us.toPrecision(3))]);
  const figure = { name: "event over joined rows", rule, ...Object.fromEntries(rounded) };
  process.stdout.write(`${JSON.stringify(figure)}\n`);
}

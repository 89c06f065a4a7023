import {
  type AuthRecord,
  type Collection,
  CollectionSet,
  guest,
  type Identity,
  type JsonObject,
  parseCollections,
  type RecordEvent,
} from "@sluice/protocol";
import { type DenialReason, Hub, RecordStore } from "@sluice/hub";

/** One write to a client's stream: whose, and the bytes of the frames that it joined. */
interface Write {
  readonly clientId: string;
  readonly bytes: Uint8Array;
}

/** A hub for tests: remembers what it writes and tells. */
export interface RecordingHub {
  readonly hub: Hub;
  /** The rows of the collections that it follows: none until one is loaded. */
  readonly records: RecordStore;
  /** Every write since the beginning. */
  readonly writes: Write[];
  readonly denied: DenialReason[];
  /** The same as it was told, several texts each by itself. */
  readonly withheld: (readonly [reason: DenialReason, topic: string, subscribers: number, text: unknown])[];
  /** Where the hub is in the log. */
  readonly place: { entry: string };
  readonly released: { readonly clientIds: readonly string[]; readonly identity: string }[];
  /** The flushes that the hub asked for and that have not run. */
  readonly pending: (() => void)[];
  readonly delivered: () => number;
  /** Takes in a client, unless it is known, and sets its subscriptions by a newer version. */
  readonly subscribe: (clientId: string, subscriptions: readonly string[], identity?: Identity) => void;
  /** Runs what is pending, and returns the text that each client has got by it. */
  readonly flush: () => Readonly<Record<string, string>>;
}

/** Opens a hub with collections in PocketBase's export format. */
export function openRecordingHub(collections: readonly JsonObject[] = [posts]): RecordingHub {
  const writes: Write[] = [];
  const denied: DenialReason[] = [];
  const withheld: RecordingHub["withheld"] = [];
  const released: { clientIds: readonly string[]; identity: string }[] = [];
  const pending: (() => void)[] = [];
  let delivered = 0;
  let version = 0;
  const records = new RecordStore({ maxRecords: 10_000, onTooMany: () => undefined });
  const place = { entry: "" };
  const hub = new Hub({
    records,
    position: () => place.entry,
    nowMs: () => Date.UTC(2026, 0, 1),
    steadyMs: () => 0,
    limits: { clientBytes: 1_000_000, totalBytes: 10_000_000 },
    defer: (flush) => pending.push(flush),
    onDelivered: (frames) => (delivered += frames),
    onDenied: ({ reason, topic, subscribers, text, byText }) => {
      denied.push(...Array<DenialReason>(subscribers).fill(reason));
      for (const [one, count] of byText?.() ?? [[text, subscribers] as const]) {
        withheld.push([reason, topic, count, one]);
      }
    },
    onReleased: (clientIds, identity) => released.push({ clientIds, identity }),
  });
  hub.setCollections(collectionSet(...collections));
  const subscribe: RecordingHub["subscribe"] = (clientId, subscriptions, identity = guest) => {
    if (hub.find(clientId) === undefined) {
      hub.add(clientId, "", {
        write: ({ bytes }) => writes.push({ clientId, bytes }) > 0,
        cut: () => undefined,
      });
    }
    hub.apply(clientId, { version: ++version, identity, subscriptions });
  };
  const flush = (): Readonly<Record<string, string>> => {
    const first = writes.length;
    for (const run of pending.splice(0)) run();
    const texts: Record<string, string> = {};
    for (const { clientId, bytes } of writes.slice(first)) {
      texts[clientId] = (texts[clientId] ?? "") + new TextDecoder().decode(bytes);
    }
    return texts;
  };
  const told = { writes, denied, withheld, released, pending, delivered: () => delivered };
  return { hub, records, place, ...told, subscribe, flush };
}

/** A collection that everyone may see, in PocketBase's export format. */
export const posts = {
  id: "posts_id",
  name: "posts",
  listRule: "",
  viewRule: "",
  fields: [
    { name: "id", type: "text" },
    { name: "title", type: "text" },
  ],
};

/** An auth collection that everyone may see, in PocketBase's export format. */
export const users = {
  id: "users_id",
  name: "users",
  type: "auth",
  listRule: "",
  viewRule: "",
  fields: [
    { name: "id", type: "text" },
    { name: "email", type: "email" },
  ],
};

/** One collection from PocketBase's export format. */
export function collectionOf(value: JsonObject): Collection {
  const [collection] = collectionSet(value);
  if (collection === undefined) throw new TypeError(`expected a collection, got ${JSON.stringify(value)}`);
  return collection;
}

/** Collections from PocketBase's export format. */
export function collectionSet(...collections: readonly JsonObject[]): CollectionSet {
  return new CollectionSet(parseCollections(collections).collections);
}

/** The auth record of {@link users} with an id. */
export function user(id: string): AuthRecord {
  return { kind: "record", id, collectionId: "users_id", collectionName: "users", claims: {} };
}

export const superuser: AuthRecord = {
  kind: "superuser",
  id: "root",
  collectionId: "pbc_3142635823",
  collectionName: "_superusers",
  claims: {},
};

/** The creation of a post; other values override. */
export function postEvent(id = "p1", event: Partial<RecordEvent> = {}): RecordEvent {
  return { kind: "record", action: "create", collection: "posts", record: { id, title: "t" }, ...event };
}

/** The names of a text's frames, in their order. */
export function namesIn(text = ""): readonly string[] {
  return Array.from(text.matchAll(/^event:(.*)$/gm), ([, name = ""]) => name);
}

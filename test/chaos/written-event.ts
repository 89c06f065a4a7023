import type { SeededChoice } from "../harness/seeded-choice.ts";

/** Who a client is: `guest`, `root` the superuser, or the id of an auth record. */
export type Viewer = string;

/** What is in an event, as far as it says who may see it. */
export type EventContent =
  | { readonly kind: "message"; readonly topic: string }
  | {
      readonly kind: "record";
      readonly action: "create" | "update" | "delete";
      readonly collection: string;
      readonly id: string;
      readonly owner: string;
      readonly group: string;
      /** Bytes that the record is made larger by. */
      readonly padding: number;
    };

/** An event in the writers' own record. */
export interface WrittenEvent {
  /** Counts all events of a run. */
  readonly serial: number;
  readonly writer: number;
  /** Counts the events of one writer. */
  readonly sequence: number;
  readonly content: EventContent;
  /** When the writer sent it. */
  readonly begunMs: number;
  /** Its log id; nothing where the writer was never answered, so that nobody knows whether it is in the log. */
  cursor: string | undefined;
}

/** The owners of notes. */
export const users = Array.from({ length: 8 }, (_, index) => `u${index}`);

/** The posts. */
export const posts = Array.from({ length: 8 }, (_, index) => `p${index}`);

/** The records that are large. */
const bulkRecords = Array.from({ length: 3 }, (_, index) => `b${index}`);

/** The subscription with a filter of its own. */
export const filteredPosts = `posts/*?options=${encodeURIComponent(
  JSON.stringify({ query: { filter: "group = 'a'" } }),
)}`;

/** Whether an event is for a viewer by a subscription: what PROTOCOL.md says, for what is in `collections.json`. */
export function sees(viewer: Viewer, subscription: string, content: EventContent): boolean {
  const [topic = "", options] = subscription.split("?");
  if (content.kind === "message") {
    return content.topic === topic && (topic !== "staff" || viewer !== "guest");
  }
  const { collection, id, owner, group } = content;
  if (topic !== `${collection}/*` && topic !== `${collection}/${id}`) return false;
  if (options !== undefined && group !== "a") return false;
  if (viewer === "root") return true;
  if (collection === "notes") return owner === viewer;
  return collection !== "secrets";
}

/** An event of those that writers write all the time. */
export function chooseContent(choice: SeededChoice): EventContent {
  const share = choice.integer(100);
  if (share < 45) return record(choice, { collection: "posts", id: choice.of(posts) });
  if (share < 75) return record(choice, { collection: "notes", id: `n${choice.integer(20)}` });
  if (share < 80) return record(choice, { collection: "secrets", id: `s${choice.integer(5)}` });
  return { kind: "message", topic: share < 92 ? "news" : "staff" };
}

/** An update of a large record. */
export function chooseBulk(choice: SeededChoice, padding: number): EventContent {
  return record(choice, { collection: "bulk", id: choice.of(bulkRecords), action: "update", padding });
}

/** One event for everybody: whatever a client listens to, something of it is among these. */
export function allContents(): readonly EventContent[] {
  return [
    ...posts.map((id) => updateOf("posts", id)),
    ...users.map((owner) => updateOf("notes", "n0", owner)),
    updateOf("secrets", "s0"),
    updateOf("bulk", "b0"),
    { kind: "message", topic: "news" },
    { kind: "message", topic: "staff" },
  ];
}

function updateOf(collection: string, id: string, owner = ""): EventContent {
  return { kind: "record", action: "update", collection, id, owner, group: "a", padding: 0 };
}

function record(
  choice: SeededChoice,
  fixed: { collection: string; id: string; action?: "update"; padding?: number },
): EventContent {
  return {
    kind: "record",
    action: choice.of(["create", "update", "update", "delete"] as const),
    owner: choice.of(users),
    group: choice.of(["a", "b"]),
    padding: 0,
    ...fixed,
  };
}

/** What of an event is one thing whose newest state counts; nothing for a message, which is like nothing else. */
export function subjectOf(content: EventContent): string | undefined {
  return content.kind === "record" ? `${content.collection}/${content.id}` : undefined;
}

/** The event as writers write it. */
export function textOf(serial: number, content: EventContent): string {
  if (content.kind === "message") {
    const { topic } = content;
    const rule = topic === "staff" ? '@request.auth.id != ""' : "";
    return JSON.stringify({ topic, data: { serial }, rule });
  }
  const { action, collection, id, owner, group, padding } = content;
  const row = { id, serial, owner, group, title: "x".repeat(padding) };
  return JSON.stringify({ collection, action, record: row });
}

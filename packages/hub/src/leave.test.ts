import { guest, type Identity, type JsonObject, type RecordEvent } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import { openRecordingHub, superuser, user, users } from "../../../test/harness/recording-hub.ts";

/** Notes that are seen in lists while they are open, and one by one by their owner. */
const notes = {
  id: "notes_id",
  name: "notes",
  listRule: "open = true",
  viewRule: "owner = @request.auth.id",
  fields: [
    { name: "id", type: "text" },
    { name: "open", type: "bool" },
    { name: "owner", type: "text" },
    { name: "group", type: "text" },
    { name: "secret", type: "text", hidden: true },
  ],
};

/** One that is for superusers alone. */
const vault = { ...notes, id: "vault_id", name: "vault", listRule: null, viewRule: null };

const shown = { id: "n1", open: true, owner: "u1", group: "a", secret: "s" };

function subscription(topic: string, query: Readonly<Record<string, unknown>> = { leave: true }): string {
  return `${topic}?options=${encodeURIComponent(JSON.stringify({ query }))}`;
}

/** The data lines that one subscriber gets of an event. */
function heard(
  event: Partial<RecordEvent>,
  wanted: string | readonly string[],
  identity: Identity = guest,
): readonly unknown[] {
  const { hub, subscribe, flush } = openRecordingHub([notes, vault, users]);
  subscribe("c1", [wanted].flat(), identity);
  hub.dispatchRecord(
    { kind: "record", action: "update", collection: "notes", record: shown, ...event },
    "17-0",
  );
  const lines = Array.from((flush()["c1"] ?? "").matchAll(/^data:(.*)$/gm), ([, data = ""]) => data);
  return lines.map((line): unknown => JSON.parse(line));
}

const leave = { record: { id: "n1" }, action: "leave" };

/** Whether the event is an update, a leave or nothing for the subscriber. */
function outcome(lines: readonly unknown[]): string {
  return JSON.stringify(lines.map((line) => Object(line).action));
}

const filtered = (text: string): string => subscription("notes/*", { leave: true, filter: text });

describe("with leave, an update whose record was visible, and is or is not visible now", () => {
  test.each<[what: string, wanted: string, identity: Identity, before: JsonObject, now: JsonObject]>([
    ["list rule, wildcard", subscription("notes/*"), guest, { open: true }, { open: false }],
    ["list rule, by the collection's id", subscription("notes_id/*"), guest, { open: true }, { open: false }],
    ["list rule, the older form", subscription("notes"), guest, { open: true }, { open: false }],
    ["view rule, one record", subscription("notes/n1"), user("u1"), { owner: "u1" }, { owner: "u2" }],
    ["filter, wildcard", filtered("group = 'a'"), guest, { group: "a" }, { group: "b" }],
    ["filter that is found by no value", filtered("group ~ 'a'"), guest, { group: "xa" }, { group: "b" }],
    ["filter of a superuser", filtered("group = 'a'"), superuser, { group: "a" }, { group: "b" }],
  ])("%s", (_what, wanted, identity, before, now) => {
    const [seen, unseen] = [
      { ...shown, ...before },
      { ...shown, ...now },
    ];
    const outcomes = [
      heard({ before: seen, record: seen }, wanted, identity),
      heard({ before: unseen, record: seen }, wanted, identity),
      heard({ before: seen, record: unseen }, wanted, identity),
      heard({ before: unseen, record: unseen }, wanted, identity),
    ];
    expect(outcomes.map(outcome)).toEqual(['["update"]', '["update"]', '["leave"]', "[]"]);
    expect(outcomes[2]).toEqual([leave]);
  });
});

describe("nobody is told of a leave", () => {
  const closed = { before: shown, record: { ...shown, open: false } };
  test.each<[why: string, event: Partial<RecordEvent>, wanted: string, identity: Identity]>([
    ["without the option", closed, "notes/*", guest],
    ["with leave=false", closed, subscription("notes/*", { leave: false }), guest],
    ["who is a superuser and has no filter", closed, subscription("notes/*"), superuser],
    ["without before", { record: { ...shown, open: false } }, subscription("notes/*"), guest],
    [
      "where before lacks a field: it would count as empty",
      { before: { id: "n1", open: true }, record: { ...shown, open: false } },
      subscription("notes/*"),
      guest,
    ],
    ["by a create", { ...closed, action: "create" }, subscription("notes/*"), guest],
    ["of a delete that is not theirs", { ...closed, action: "delete" }, subscription("notes/*"), guest],
    ["of another record", closed, subscription("notes/n2"), user("u1")],
    [
      "of a collection that is for superusers",
      { ...closed, collection: "vault" },
      subscription("vault/*"),
      user("u1"),
    ],
    [
      "by a rule that takes data which is not at hand",
      closed,
      subscription("notes/*", { leave: true, filter: "@collection.users.id = owner" }),
      guest,
    ],
    [
      "by a filter that may not be asked",
      closed,
      subscription("notes/*", { leave: true, filter: "secret = 's'" }),
      guest,
    ],
  ])("%s", (_why, event, wanted, identity) => {
    const lines = heard(event, wanted, identity);
    expect(lines).not.toContainEqual(leave);
    expect(outcome(lines)).not.toContain("leave");
  });
});

test("of two subscriptions each gets what it saw: one the update, one the leave", () => {
  const record = { ...shown, group: "b" };
  const lines = heard({ before: shown, record }, ["notes/*", filtered("group = 'a'")]);
  expect(new Set(lines.map((line) => Object(line).action))).toEqual(new Set(["update", "leave"]));
});

test("a leave has nothing of the record but its id, whatever fields and expand ask for", () => {
  const wanted = subscription("notes/*", { leave: true, fields: "*,secret", expand: "owner" });
  const { hub, subscribe, flush } = openRecordingHub([notes]);
  subscribe("c1", [wanted]);
  const record = { ...shown, open: false };
  hub.dispatchRecord(
    { kind: "record", action: "update", collection: "notes", record, before: shown },
    "17-0",
  );
  expect(flush()).toEqual({
    c1: `id:17-0\nevent:${wanted}\ndata:{"record":{"id":"n1"},"action":"leave"}\n\n`,
  });
});

test("who is told is decided for each audience", () => {
  const { hub, subscribe, flush } = openRecordingHub([notes]);
  const wanted = subscription("notes/n1");
  for (const id of ["u1", "u2", "u3"]) subscribe(id, [wanted], user(id));
  subscribe("guest", [wanted]);
  const record = { ...shown, owner: "u2" };
  hub.dispatchRecord({ kind: "record", action: "update", collection: "notes", record, before: shown });
  const texts = flush();
  expect(Object.keys(texts)).toEqual(["u2", "u1"]);
  expect(texts["u1"]).toContain('"leave"');
  expect(texts["u2"]).toContain('"update"');
});

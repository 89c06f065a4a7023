import assert from "node:assert/strict";
import { type Case, heard, type Need, tokensOf } from "./target.ts";

const needs: readonly Need[] = ["publish", "tokens", "collections"];
const leaveNeeds: readonly Need[] = ["sluice", ...needs];

/** What a note is before or after an update: seen in lists where it is public, by its view rule where somebody signed in. */
const shown = { id: "n1", text: "a", secret: "s", public: true, owner: "ann" };
const hidden = { ...shown, public: false };

const subscription = (topic: string, filter?: string): string => {
  const query = { leave: true, ...(filter === undefined ? {} : { filter }) };
  return `${topic}?options=${encodeURIComponent(JSON.stringify({ query }))}`;
};

interface Row {
  readonly what: string;
  readonly topic: string;
  readonly who: "guest" | "userA" | "superuser";
  readonly seen: object;
  readonly unseen: object;
}

const rows: readonly Row[] = [
  {
    what: "a list rule, in a list",
    topic: subscription("notes/*"),
    who: "guest",
    seen: shown,
    unseen: hidden,
  },
  {
    what: "a filter, in a list",
    topic: subscription("notes/*", "text = 'a'"),
    who: "guest",
    seen: shown,
    unseen: { ...shown, text: "b" },
  },
  {
    what: "a filter, of one record",
    topic: subscription("notes/n1", "text = 'a'"),
    who: "userA",
    seen: shown,
    unseen: { ...shown, text: "b" },
  },
  {
    what: "a superuser's filter",
    topic: subscription("notes/*", "text = 'a'"),
    who: "superuser",
    seen: hidden,
    unseen: { ...hidden, text: "b" },
  },
];

/** What subscribers with the option `leave` get where an update says what the row was before. */
export const leaveCases: readonly Case[] = [
  ...rows.map(({ what, topic, who, seen, unseen }) => ({
    name: `with leave, ${what}: update, update, leave, nothing`,
    needs: leaveNeeds,
    run: async (target: Parameters<Case["run"]>[0]): Promise<void> => {
      const steps = [
        [seen, seen],
        [unseen, seen],
        [seen, unseen],
        [unseen, unseen],
      ];
      const events = steps.map(([before, record]) => ({
        collection: "notes",
        action: "update",
        before,
        record,
      }));
      const token = who === "guest" ? "" : tokensOf(target)[who];
      const frames = await heard(target, { subscriptions: [topic], events, token });
      const lines = frames.map(({ data }) => JSON.parse(data ?? ""));
      assert.deepEqual(
        lines.map(({ action }) => action),
        ["update", "update", "leave"],
      );
      assert.equal(frames.at(-1)?.data, '{"record":{"id":"n1"},"action":"leave"}');
    },
  })),
  {
    name: "without leave an update that hides a record is silent, whatever before says",
    needs,
    run: async (target) => {
      const events = [{ collection: "notes", action: "update", before: shown, record: hidden }];
      assert.deepEqual(await heard(target, { subscriptions: ["notes/*"], events }), []);
    },
  },
];

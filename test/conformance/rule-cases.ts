import assert from "node:assert/strict";
import { type Case, heard, namesOf, type Need, type Target, tokensOf } from "./target.ts";

const needs: readonly Need[] = ["publish", "signing", "collections"];

/** A record of `notes`, whose rules let its owner and, where it is public, everybody see it. */
function note(id: string, more: Readonly<Record<string, unknown>> = {}, action = "create"): unknown {
  return { collection: "notes", action, record: { id, owner: "ann", public: false, text: "a b", ...more } };
}

function withOptions(topic: string, options: unknown): string {
  return `${topic}?options=${encodeURIComponent(JSON.stringify(options))}`;
}

async function annsToken({ sign }: Target): Promise<string> {
  return (await sign?.("ann", {})) ?? "";
}

/** Who hears of one note under one topic. */
async function hearers(target: Target, topic: string, event: unknown): Promise<readonly string[]> {
  const { userB, superuser } = tokensOf(target);
  const who = { guest: "", owner: await annsToken(target), other: userB, superuser };
  const heardBy = Object.entries(who).map(async ([name, token]) => {
    const frames = await heard(target, { subscriptions: [topic], events: [event], token });
    return frames.length > 0 ? [name] : [];
  });
  return (await Promise.all(heardBy)).flat();
}

/** What a guest hears of a public note under a filter, the unfiltered topic beside it as the proof that it came. */
function filterCase(what: string, filter: string, passes: boolean): Case {
  return {
    name: `a filter ${what} lets ${passes ? "the event through" : "nothing through"}`,
    needs,
    run: async (target) => {
      const filtered = withOptions("notes/*", { query: { filter } });
      const events = [note("n1", { public: true })];
      const frames = await heard(target, { subscriptions: ["notes/*", filtered], events });
      assert.deepEqual(new Set(namesOf(frames)), new Set(passes ? ["notes/*", filtered] : ["notes/*"]));
    },
  };
}

/** Rules and filters, decided from the event and the request. */
export const ruleCases: readonly Case[] = [
  {
    name: "a list rule is asked for all records, each for its own subscriber [H1]",
    needs,
    run: async (target) => {
      assert.deepEqual(await hearers(target, "notes/*", note("n1")), ["owner", "superuser"]);
      const everybody = ["guest", "owner", "other", "superuser"];
      assert.deepEqual(await hearers(target, "notes/*", note("n1", { public: true })), everybody);
    },
  },
  {
    name: "a view rule is asked for one record",
    needs,
    run: async (target) => {
      const signedIn = ["owner", "other", "superuser"];
      assert.deepEqual(await hearers(target, "notes/n1", note("n1")), signedIn);
    },
  },
  {
    name: "a field that nobody may see still counts in a rule",
    needs,
    run: async (target) => {
      const event = note("n1", { owner: "", secret: "open" });
      assert.deepEqual(await hearers(target, "notes/*", event), ["guest", "owner", "other", "superuser"]);
    },
  },
  {
    name: "an update that makes a record invisible is silent, one that makes it visible is an update",
    needs,
    run: async (target) => {
      const events = [note("n1", {}, "update"), note("n1", { public: true }, "update")];
      const frames = await heard(target, { subscriptions: ["notes/*"], events });
      assert.deepEqual(
        frames.map(({ data }) => JSON.parse(data ?? "").action),
        ["update"],
      );
    },
  },
  {
    name: "a delete is judged by the row as it was",
    needs,
    run: async (target) => {
      const event = note("n1", {}, "delete");
      assert.deepEqual(await hearers(target, "notes/*", event), ["owner", "superuser"]);
    },
  },
  {
    name: "options reach the rule: + and %20 are blanks, header names are in snake_case",
    needs,
    run: async (target) => {
      const good = [
        'keyed/*?options={"query":{"name":"a+b"},"headers":{"X-API-Key":"k"}}',
        'keyed/*?options={"query":{"name":"a%20b"},"headers":{"xApiKey":"k"}}',
        withOptions("keyed/*", { headers: { X_API_Key: "k" }, query: { name: "a b" } }),
      ];
      const bad = [
        "keyed/*",
        withOptions("keyed/*", { query: { name: "a+b" }, headers: { "X-API-Key": "k" } }),
        withOptions("keyed/*", { query: { name: "a b" }, headers: { XAPIKey: "k" } }),
      ];
      const events = [{ collection: "keyed", action: "create", record: { id: "k1", name: "a b" } }];
      const frames = await heard(target, { subscriptions: [...good, ...bad], events });
      assert.deepEqual(new Set(namesOf(frames)), new Set(good));
    },
  },
  filterCase("that the record passes", "text = 'a b'", true),
  filterCase("that it does not pass", "text = 'a'", false),
  filterCase("on a macro", "@now > '2020'", true),
  filterCase("on a hidden field", "secret = ''", false),
  filterCase("that does not parse", "text = ", false),
  filterCase("on a field that is not there", "nowhere = ''", false),
  filterCase("with @request. in a text", "text != '@request.x'", false),
  // PocketBase has every record at hand
  {
    ...filterCase("on a related record, which is not at hand", "owner.name = ''", false),
    needs: ["sluice", ...needs],
  },
  {
    name: "a filter holds for superusers too, who may read the request in it",
    needs,
    run: async (target) => {
      const { superuser: token } = tokensOf(target);
      const passed = withOptions("notes/*", { query: { filter: "@request.auth.id != ''" } });
      const refused = withOptions("notes/*", { query: { filter: "text = 'x'" } });
      const frames = await heard(target, { subscriptions: [passed, refused], events: [note("n1")], token });
      assert.deepEqual(namesOf(frames), [passed]);
    },
  },
  {
    name: "an e-mail address is for whoever passes the manage rule",
    needs,
    run: async (target) => {
      const record = { id: "u1", email: "u1@example.com", emailVisibility: false, name: "ann" };
      const events = [{ collection: "clients", action: "update", record }];
      const emailFor = async (token: string): Promise<unknown> => {
        const [frame] = await heard(target, { subscriptions: ["clients/*"], events, token });
        return JSON.parse(frame?.data ?? "").record.email;
      };
      assert.equal(await emailFor(await annsToken(target)), "u1@example.com");
      assert.equal(await emailFor(tokensOf(target).userB), undefined);
    },
  },
];

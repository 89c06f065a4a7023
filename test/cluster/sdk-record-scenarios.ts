import { expect } from "vitest";
import type { SdkClient, SdkEvent } from "../harness/sdk.ts";
import { signSuperuserToken, signToken } from "../harness/tokens.ts";
import { freshId, listener, type Scenario, type Stage, until, withClient } from "./sdk-stage.ts";

/** Publishes events, and waits until each of some clients has heard what came of them. */
async function publishTo(
  { cluster }: Stage,
  clients: readonly SdkClient[],
  events: readonly unknown[],
): Promise<void> {
  const marker = freshId();
  const { heard, hear } = listener<unknown>();
  for (const client of clients) await client.realtime.subscribe(marker, hear);
  for (const event of events) await cluster.log(event);
  await cluster.log({ topic: marker, data: "marker" });
  await until(() => heard.length === clients.length, "the markers behind the events");
}

function post(action: string, record: unknown): unknown {
  return { collection: "posts", action, record };
}

/** What of a record reaches whom. */
export const recordScenarios: readonly Scenario[] = [
  {
    name: "fields: each listener hears what it asked for, an excerpt too",
    run: (stage) =>
      withClient(stage, async (client) => {
        const id = freshId();
        const [short, named, whole] = [listener<SdkEvent>(), listener<SdkEvent>(), listener<SdkEvent>()];
        const posts = client.collection("posts");
        await posts.subscribe(id, short.hear, { query: { fields: "id,title:excerpt(5, true)" } });
        await posts.subscribe("*", named.hear, { query: { fields: "title", filter: `id = "${id}"` } });
        await posts.subscribe(id, whole.hear);
        const title = "<p>lorem <b>ipsum</b></p>";
        const record = { id, title, score: 5 };
        await publishTo(stage, [client], [post("create", record)]);
        expect(short.heard).toEqual([{ record: { id, title: "lorem..." }, action: "create" }]);
        expect(named.heard).toEqual([{ record: { title }, action: "create" }]);
        expect(whole.heard).toMatchObject([{ record: { ...record, collectionName: "posts", tags: [] } }]);
      }),
  },
  {
    name: "fields that are broken: the whole record comes",
    run: (stage) =>
      withClient(stage, async (client) => {
        const id = freshId();
        const { heard, hear } = listener<SdkEvent>();
        await client.collection("posts").subscribe(id, hear, { query: { fields: "id,title:lower" } });
        const record = { id, title: "Lorem", score: 5 };
        await publishTo(stage, [client], [post("create", record)]);
        expect(heard).toMatchObject([{ record, action: "create" }]);
      }),
  },
  {
    name: "a filter: its listener hears of the records that pass it, as they are now",
    run: (stage) =>
      withClient(stage, async (client) => {
        const [one, other] = [freshId(), freshId()];
        const { heard, hear } = listener<SdkEvent>();
        const title = `it's 100% <Tom & Co> + "é" ${one}`;
        const filter = `title = '${title.replaceAll("'", String.raw`\'`)}' && score > 1`;
        await client.collection("posts").subscribe("*", hear, { query: { filter } });
        await publishTo(
          stage,
          [client],
          [
            post("create", { id: one, title, score: 1 }),
            post("create", { id: other, title: "other", score: 2 }),
            post("update", { id: one, title, score: 2 }),
            post("update", { id: one, title: "other", score: 2 }),
            post("delete", { id: one, title, score: 3 }),
          ],
        );
        const summary = heard.map(({ action, record }) => [action, record["id"], record["score"]]);
        expect(summary).toEqual([
          ["update", one, 2],
          ["delete", one, 3],
        ]);
      }),
  },
  {
    name: "an e-mail address is for its owner and for superusers, and for others where it is visible",
    run: (stage) =>
      withClient(stage, (owner) =>
        withClient(stage, (other) =>
          withClient(stage, (guest) =>
            withClient(stage, async (superuser) => {
              const [id, stranger] = [freshId(), freshId()];
              owner.authStore.save(await signToken(id));
              other.authStore.save(await signToken(stranger));
              superuser.authStore.save(await signSuperuserToken());
              const clients = [owner, other, guest, superuser];
              const listeners: SdkEvent[][] = [];
              for (const client of clients) {
                const { heard, hear } = listener<SdkEvent>();
                listeners.push(heard);
                await client.collection("users").subscribe(id, hear);
              }
              const email = `${id}@example.com`;
              const events = [false, true].map((emailVisibility) => ({
                collection: "users",
                action: "update",
                record: { id, email, emailVisibility, password: "hash", tokenKey: "k" },
              }));
              await publishTo(stage, clients, events);
              const emails = listeners.map((heard) => heard.map(({ record }) => record["email"]));
              expect(emails).toEqual([
                [email, email],
                [undefined, email],
                [undefined, email],
                [email, email],
              ]);
              const keys = listeners.flat().flatMap(({ record }) => Object.keys(record));
              expect(keys).not.toContain("password");
              expect(keys).not.toContain("tokenKey");
            }),
          ),
        ),
      ),
  },
];

/** A collection whose list rule and view rule let different users through. */
export const rooms = {
  name: "rooms",
  listRule: "owner = @request.auth.id && @request.headers.x_room = 'r'",
  viewRule: "@request.auth.id != ''",
  fields: ["id", "owner"].map((name) => ({ name, type: "text" })),
};

/** Scenarios on `rooms`. */
export const ruleScenarios: readonly Scenario[] = [
  {
    name: "all records are asked for by the list rule, one record by the view rule",
    run: (stage) =>
      withClient(stage, (owner) =>
        withClient(stage, (other) =>
          withClient(stage, async (guest) => {
            const [id, ownerId] = [freshId(), freshId()];
            owner.authStore.save(await signToken(ownerId));
            other.authStore.save(await signToken(freshId()));
            const clients = { owner, other, guest };
            const heard: string[] = [];
            for (const [who, client] of Object.entries(clients)) {
              const room = client.collection("rooms");
              const headers = { "X-Room": "r" };
              await room.subscribe("*", () => heard.push(`${who}: list`), { headers });
              await room.subscribe("*", () => heard.push(`${who}: list without a header`));
              await room.subscribe(id, () => heard.push(`${who}: view`));
            }
            const event = { collection: "rooms", action: "create", record: { id, owner: ownerId } };
            await publishTo(stage, Object.values(clients), [event]);
            expect(heard.toSorted()).toEqual(["other: view", "owner: list", "owner: view"]);
          }),
        ),
      ),
  },
];

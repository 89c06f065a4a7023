import { expect } from "vitest";
import type { SdkEvent } from "../harness/sdk.ts";
import { freshId, listener, type Scenario, until, withClient } from "./sdk-stage.ts";

/** Subscriptions with options. */
export const optionScenarios: readonly Scenario[] = [
  {
    name: "options: the event comes under the very key that the SDK made",
    run: (stage) =>
      withClient(stage, async (client) => {
        const id = freshId();
        const { heard, hear } = listener<SdkEvent>();
        await client.collection("posts").subscribe(id, hear, {
          query: { custom: [1, "é '&?#+%"], expand: "author", fields: "id,title", nothing: null },
          headers: { "X-Token": "abc", xApiKey: "1" },
        });
        await stage.cluster.log({ collection: "posts", action: "create", record: { id } });
        await until(() => heard.length > 0, "the event");
        expect(heard[0]?.record["id"]).toBe(id);
      }),
  },
  {
    name: "options: the same topic with and without them is two subscriptions, left together",
    run: (stage) =>
      withClient(stage, async (client) => {
        const [id, marker] = [freshId(), freshId()];
        const [plain, optioned, marked] = [listener<SdkEvent>(), listener<SdkEvent>(), listener<unknown>()];
        const posts = client.collection("posts");
        await posts.subscribe(id, plain.hear);
        await posts.subscribe(id, optioned.hear, { query: { page: 1 } });
        await client.realtime.subscribe(marker, marked.hear);
        const event = { collection: "posts", action: "create", record: { id } };
        await stage.cluster.log(event);
        await until(() => plain.heard.length === 1 && optioned.heard.length === 1, "both subscriptions");
        await posts.unsubscribe(id);
        await stage.cluster.log(event);
        await stage.cluster.log({ topic: marker, data: "marker" });
        await until(() => marked.heard.length === 1, "the marker");
        expect([plain.heard.length, optioned.heard.length]).toEqual([1, 1]);
      }),
  },
  {
    name: "a filter that cannot be decided: its subscription hears nothing, the others go on",
    run: (stage) =>
      withClient(stage, async (client) => {
        const [id, marker] = [freshId(), freshId()];
        const [filtered, plain] = [listener<SdkEvent>(), listener<unknown>()];
        await client.collection("posts").subscribe(id, filtered.hear, { query: { filter: "no filter" } });
        await client.realtime.subscribe(marker, plain.hear);
        const record = { id, title: "x" };
        await stage.cluster.log({ collection: "posts", action: "create", record });
        await stage.cluster.log({ topic: marker, data: "marker" });
        await until(() => plain.heard.length === 1, "the marker behind the event");
        expect(filtered.heard).toEqual([]);
      }),
  },
];

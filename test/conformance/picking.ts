import assert from "node:assert/strict";
import { dataHeard, withOptions } from "./hearing.ts";
import type { Target } from "./target.ts";

const texts = ["id", "title"].map((name) => ({ name, type: "text" }));

const vectors = {
  id: "vectors",
  name: "vectors",
  listRule: "",
  fields: [...texts, { name: "rel", type: "json" }],
};

const stories = {
  id: "pbc_stories",
  name: "stories",
  listRule: "",
  fields: [
    ...texts,
    { name: "body", type: "editor" },
    { name: "list", type: "json" },
    { name: "meta", type: "json" },
    { name: "score", type: "number" },
    { name: "secret", type: "text", hidden: true },
    { name: "tags", type: "select", maxSelect: 3 },
  ],
};

/** Collections whose records have something to pick from. */
export const pickerCollections = [vectors, stories];

/** A topic that asks for some fields. */
export function picking(topic: string, fields: unknown): string {
  return withOptions(topic, { query: { fields } });
}

/** A record of `stories`. */
export const story: Readonly<Record<string, unknown>> = {
  id: "s1",
  title: "lorem ipsum",
  body: "<p>b</p>",
  secret: "s",
  score: 5,
  tags: ["y", "x"],
  meta: { z: 1, a: { d: 1, c: 2 } },
  list: [{ b: 1, a: 2 }, { a: 3 }],
};

/** The story as a guest gets it who picks nothing: a json field keeps its own key order. */
export const wholeStory = String.raw`{"body":"\u003cp\u003eb\u003c/p\u003e","collectionId":"pbc_stories","collectionName":"stories","id":"s1","list":[{"b":1,"a":2},{"a":3}],"meta":{"z":1,"a":{"d":1,"c":2}},"score":5,"tags":["y","x"],"title":"lorem ipsum"}`;

/** What is asked for, and the record that comes of it. */
export interface Picking {
  readonly fields: unknown;
  readonly picked: string;
  /** Fields in which the record differs from the story. */
  readonly record?: Readonly<Record<string, unknown>> | undefined;
  readonly token?: string;
}

/** Checks what comes of a story, byte for byte. */
export async function assertPicked(
  target: Target,
  { fields, picked, record, token = "" }: Picking,
): Promise<void> {
  const event = { collection: "stories", action: "create", record: { ...story, ...record } };
  const topic = picking("stories/*", fields);
  const data = await dataHeard(target, [topic], { event, token });
  assert.deepEqual(data, { [topic]: `{"record":${picked},"action":"create"}` });
}

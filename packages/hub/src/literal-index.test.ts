import type { LiteralPin, Subject } from "@sluice/rules";
import { expect, test } from "vitest";
import { LiteralIndex } from "./literal-index.ts";

function isValue(item: unknown): item is string | number {
  return typeof item === "string" || typeof item === "number";
}

function pin(name: string, value: string | number): LiteralPin {
  return { name, value, valuesOf: ({ record }) => [record[name]].flat().filter(isValue) };
}

const entries: readonly (readonly [item: string, pins: readonly LiteralPin[] | undefined])[] = [
  ["everything", undefined],
  ["room x", [pin("room", "x")]],
  ["room y", [pin("room", "y")]],
  ["room x or tag a", [pin("room", "x"), pin("tags", "a")]],
  ["score 1", [pin("score", 1)]],
];

function indexOf(): LiteralIndex<string> {
  const index = new LiteralIndex<string>();
  for (const [item, pins] of entries) index.add(item, pins);
  return index;
}

function find(index: LiteralIndex<string>, record: Subject["record"]): readonly string[] {
  return [...index.find({ record, request: { query: {}, headers: {} }, nowMs: 0 })].toSorted();
}

test.each<[record: Subject["record"], found: readonly string[]]>([
  [{ room: "x" }, ["everything", "room x", "room x or tag a"]],
  [{ room: "y", tags: ["b", "a"] }, ["everything", "room x or tag a", "room y"]],
  [{ room: "z", score: 1 }, ["everything", "score 1"]],
  [{ score: "1" }, ["everything"]],
])("the record %j finds %j", (record, found) => {
  expect(find(indexOf(), record)).toEqual(found);
});

test("what was removed is found no more", () => {
  const index = indexOf();
  for (const [item, pins] of entries.slice(1)) index.remove(item, pins);
  expect(find(index, { room: "x", score: 1 })).toEqual(["everything"]);
  index.remove("everything", undefined);
  expect(find(index, { room: "x" })).toEqual([]);
});

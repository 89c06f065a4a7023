import { expect, test } from "vitest";
import { PinIndex } from "./pin-index.ts";

const people: readonly (readonly [name: string, keys: readonly string[] | undefined])[] = [
  ["ann", ["abcdefgh"]],
  ["amy", ["abcdefgh", "cdefghij"]],
  ["bob", ["bcdefghijk"]],
  ["nobody", []],
  ["unknown", undefined],
];

function indexOf(entries = people): PinIndex<string> {
  const index = new PinIndex<string>();
  for (const [name, keys] of entries) index.add(name, keys);
  return index;
}

function find(
  index: PinIndex<string>,
  keys: readonly string[],
  findsParts: boolean,
): readonly string[] | "anybody" {
  const found = index.find({ keys, findsParts });
  return found === undefined ? "anybody" : [...new Set([...index.unkeyed, ...found])].toSorted();
}

test.each<[keys: readonly string[], findsParts: boolean, found: readonly string[]]>([
  [["abcdefgh"], false, ["amy", "ann", "unknown"]],
  [["abcdefghi"], false, ["unknown"]],
  [["cdefghij", "bcdefghijk"], false, ["amy", "bob", "unknown"]],
  [[], false, ["unknown"]],
  [["abcdefgh"], true, ["amy", "ann", "unknown"]],
  [["xxabcdefghyy"], true, ["amy", "ann", "unknown"]],
  [["abcdefghijk"], true, ["amy", "ann", "bob", "unknown"]],
  [["bcdefgh"], true, ["unknown"]],
])("%j, in part: %s, finds %j", (keys, findsParts, found) => {
  expect(find(indexOf(), keys, findsParts)).toEqual(found);
});

test("who was removed is found no more, and the others are", () => {
  const index = indexOf();
  for (const [name, keys] of people.filter(([who]) => who !== "amy")) index.remove(name, keys);
  expect(find(index, ["abcdefgh"], false)).toEqual(["amy"]);
  expect(find(index, ["xabcdefghijk"], true)).toEqual(["amy"]);
  index.remove("amy", people[1]?.[1]);
  expect(find(index, ["abcdefgh"], true)).toEqual([]);
});

test("words that are too long to be looked into may be anybody's", () => {
  expect(find(indexOf(), ["a".repeat(10_001)], true)).toBe("anybody");
  expect(find(indexOf(), ["a".repeat(10_001)], false)).toEqual(["unknown"]);
});

import { expect, test } from "vitest";
import { PinIndex } from "./pin-index.ts";

const people: readonly (readonly [name: string, keys: readonly string[] | undefined])[] = [
  ["ann", ["abcdefgh"]],
  ["amy", ["abcdefgh", "cdefghij"]],
  ["bob", ["bcdefghijk"]],
  ["nobody", []],
  ["unknown", undefined],
];

interface Person {
  readonly name: string;
}

const persons = new Map(people.map(([name]) => [name, { name }]));

function personOf(name: string): Person {
  return persons.get(name) ?? { name };
}

function indexOf(entries = people): PinIndex<Person> {
  const index = new PinIndex<Person>();
  for (const [name, keys] of entries) index.add(personOf(name), keys);
  return index;
}

function find(
  index: PinIndex<Person>,
  keys: readonly string[],
  findsParts: boolean,
): readonly string[] | "anybody" {
  const found = index.find({ keys, findsParts });
  if (found === undefined) return "anybody";
  return [...new Set([...index.unkeyed, ...found].map(({ name }) => name))].toSorted();
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
  for (const [name, keys] of people.filter(([who]) => who !== "amy")) index.remove(personOf(name), keys);
  expect(find(index, ["abcdefgh"], false)).toEqual(["amy"]);
  expect(find(index, ["xabcdefghijk"], true)).toEqual(["amy"]);
  index.remove(personOf("amy"), people[1]?.[1]);
  expect(find(index, ["abcdefgh"], true)).toEqual([]);
});

test("words that are too long to be looked into may be anybody's", () => {
  expect(find(indexOf(), ["a".repeat(10_001)], true)).toBe("anybody");
  expect(find(indexOf(), ["a".repeat(10_001)], false)).toEqual(["unknown"]);
});

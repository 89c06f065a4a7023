import { expect, test } from "vitest";
import { allOf, countOf, type OneOrMore, unfold, withOne, withoutOne } from "./one-or-more.ts";

test("things come and go as in a set, however few they are", () => {
  let things: OneOrMore<string> | undefined;
  const seen: string[] = [];
  const look = (): void => void seen.push(`${countOf(things)} ${[...allOf(things)].join("")}`);
  for (const thing of ["a", "a", "b", "b", "c"]) {
    things = withOne(things, thing);
    look();
  }
  for (const thing of ["x", "b", "b", "a", "x", "c", "c"]) {
    things = withoutOne(things, thing);
    look();
  }
  // nothing is kept of a set that is empty
  expect(things).toBe(undefined);
  expect(seen).toEqual([
    "1 a",
    "1 a",
    "2 ab",
    "2 ab",
    "3 abc",
    "3 abc",
    "2 ac",
    "2 ac",
    "1 c",
    "1 c",
    "0 ",
    "0 ",
  ]);
});

test("what stands in several places is there in their order", () => {
  const [a, b, c] = ["a", "b", "c"].map((name) => ({ name }));
  expect(unfold([a, undefined, new Set([b, c]), undefined, a])).toEqual([a, b, c, a]);
  expect(unfold([undefined, undefined])).toEqual([]);
  expect(unfold([])).toEqual([]);
});

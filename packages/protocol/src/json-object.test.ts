import { expect, test } from "vitest";
import { describeJsonType, isJsonObject } from "./json-object.ts";

test.each<[value: unknown, description: string]>([
  [{}, "an object"],
  [[], "an array"],
  [null, "null"],
  [undefined, "nothing"],
  ["", "a string"],
  [0, "a number"],
  [false, "a boolean"],
])("%j is described as %s", (value, description) => {
  expect(describeJsonType(value)).toBe(description);
  expect(isJsonObject(value)).toBe(description === "an object");
});

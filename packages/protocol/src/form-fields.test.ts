import { expect, test } from "vitest";
import { describeFormFields } from "./form-fields.ts";

test("all values of a field are kept in their order", () => {
  const { values } = describeFormFields([
    ["a", "2"],
    ["b", "x"],
    ["a", "1"],
    ["a", "2"],
  ]);
  expect(values("a")).toEqual(["2", "1", "2"]);
  expect(values("A")).toEqual([]);
});

test.each<[payload: string, value: unknown]>([
  ['{"a":[1]}', { a: [1] }],
  ["null", null],
  ["[]", undefined],
  ["5", undefined],
  ["", undefined],
  ["{} x", undefined],
])("the JSON payload %j is read as %j", (payload, value) => {
  expect(describeFormFields([["@jsonPayload", payload]]).payloads).toEqual([value]);
});

test("a form without a JSON payload has none", () => {
  expect(describeFormFields([["jsonPayload", "{}"]]).payloads).toEqual([]);
});

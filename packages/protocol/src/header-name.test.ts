import { expect, test } from "vitest";
import { snakeCaseHeaderName } from "./header-name.ts";

test.each([
  ["X-Token", "x_token"],
  ["x-token", "x_token"],
  ["x_token", "x_token"],
  ["XToken", "xtoken"],
  ["xApiKey", "x_api_key"],
  ["X-API-Key", "x_api_key"],
  ["CF-Connecting-IP", "cf_connecting_ip"],
  ["ETag", "etag"],
  ["X-Test1Ab", "x_test1_ab"],
  ["X--Foo__Bar", "x_foo_bar"],
  ["-X-", "x"],
  ["Überschrift", "berschrift"],
  ["--", ""],
  ["", ""],
])("%j becomes %j", (name, key) => {
  expect(snakeCaseHeaderName(name)).toBe(key);
});

import { expect, test } from "vitest";
import { parseSubscription, topicOf } from "./subscription.ts";

test.each([
  ["posts/*", "posts/*"],
  ["posts/p1?options=%7B%7D", "posts/p1"],
  ["posts", "posts"],
  ["posts?", "posts"],
  ["a?b?c", "a"],
  ["?x", ""],
  ["a#b?c", "a#b"],
  ["a%3Fb", "a%3Fb"],
  ["PB_CONNECT", "PB_CONNECT"],
  ["@oauth2", "@oauth2"],
  ["1chat:room?options={}", "1chat:room"],
  ["", ""],
])("the topic of %j is %j", (raw, topic) => {
  expect(topicOf(raw)).toBe(topic);
  expect(parseSubscription(raw)).toMatchObject({ raw, topic });
});

test("a subscription is kept byte for byte beside what was read of it", () => {
  const raw = 'posts/*?options={"headers":{"X-B":"+%7b"},"query":{"filter":"a=1"}}&x=%zz';
  const { options, ...rest } = parseSubscription(raw);
  expect(rest).toEqual({ raw, topic: "posts/*" });
  expect({ ...options.query }).toEqual({ filter: "a=1" });
  expect({ ...options.headers }).toEqual({ x_b: " {" });
});

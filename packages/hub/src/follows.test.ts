import { expect, test } from "vitest";
import { openRecordingHub, posts, users } from "../../../test/harness/recording-hub.ts";

test("a collection is followed that says so itself, and no other without need", () => {
  const { hub } = openRecordingHub([{ ...posts, follow: true }, users]);
  expect([...hub.follows()]).toEqual(["posts_id"]);
});

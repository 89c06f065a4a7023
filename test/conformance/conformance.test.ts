import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { uniqueKeyPrefix } from "../harness/key-prefix.ts";
import { cases } from "./cases.ts";
import { layouts, type StartedTarget, startTarget } from "./start-target.ts";
import { lackOf } from "./target.ts";

describe.each(layouts)("%s", (layout) => {
  let started: StartedTarget;
  beforeAll(async () => {
    started = await startTarget(layout, { REDIS_URL: inject("redisUrl"), KEY_PREFIX: uniqueKeyPrefix() });
  });
  afterAll(() => started.stop());

  // test.each would cut long names
  for (const one of cases) {
    test(`P1: ${one.name}`, async () => {
      expect(lackOf(started.target, one)).toBeUndefined();
      await one.run(started.target);
    });
  }
});

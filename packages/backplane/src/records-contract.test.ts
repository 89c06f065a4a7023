import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import { json, read, rowsOf, seed, write } from "../../../test/harness/kept-records.ts";
import type { RecordingNode } from "../../../test/harness/recording-node.ts";
import { implementations } from "../../../test/harness/recording-nodes.ts";
import { waitUntil } from "../../../test/harness/wait-until.ts";
import type { SeededRow } from "./backplane.ts";

describe.each(implementations)("the rows of a collection: %s", (_name, open) => {
  let owner: RecordingNode;
  let asked: RecordingNode;
  beforeEach(async () => {
    ({ owner, asked } = await open(inject("redisUrl")));
  });
  afterEach(async () => {
    await owner.backplane.close();
    if (asked !== owner) await asked.backplane.close();
  });

  test("are what was seeded and what was written since, and every node is told of the seeding", async () => {
    expect(await seed(asked, rowsOf(["p1", json("p1", "a")], ["p2", "{}"]))).toBe(2);
    await write(owner, "update", json("p1", "b"));
    await write(asked, "create", json("p3", "c"));
    await write(asked, "delete", json("p2", "x"));
    for (const node of [owner, asked]) {
      expect(await read(node)).toEqual({ p1: json("p1", "b"), p3: json("p3", "c") });
      await waitUntil(() => node.seedings.length === 1, "the announcement");
      expect(node.seedings).toEqual(["posts"]);
    }
  });

  test("may be none", async () => {
    expect(await seed(asked, rowsOf())).toBe(0);
    expect(await read(owner)).toEqual({});
  });

  test("that are seeded anew are no others than these, and those of which the log tells", async () => {
    await seed(asked, rowsOf(["p1", "{}"], ["p2", "{}"]));
    await write(asked, "update", json("p2", "b"));
    const again = rowsOf(["p2", json("p2", "old")], ["p3", json("p3", "a")], ["p3", json("p3", "last")]);
    expect(await seed(asked, again)).toBe(2);
    expect(await read(owner)).toEqual({ p2: json("p2", "b"), p3: json("p3", "last") });
  });

  test("that are written, deleted and created while they are seeded are as they were written", async () => {
    await seed(asked, rowsOf(["p1", "{}"], ["gone", "{}"]));
    async function* seeded(): AsyncGenerator<SeededRow> {
      yield ["p1", json("p1", "seeded")];
      await write(owner, "update", json("p1", "written"));
      await write(owner, "delete", json("p2", "x"));
      await write(owner, "delete", json("gone", "x"));
      yield ["p2", json("p2", "seeded")];
      await write(owner, "create", json("p3", "written"));
      yield ["p3", json("p3", "seeded")];
      yield ["p4", json("p4", "seeded")];
    }
    expect(await seed(asked, seeded())).toBe(3);
    expect(await read(owner)).toEqual({
      p1: json("p1", "written"),
      p3: json("p3", "written"),
      p4: json("p4", "seeded"),
    });
  });

  test("stay as they are where the seeding fails, which is told as it was", async () => {
    await seed(asked, rowsOf(["p1", json("p1", "a")]));
    const fault = new TypeError("a bad row");
    async function* failing(): AsyncGenerator<SeededRow> {
      yield ["p2", "{}"];
      throw fault;
    }
    await expect(seed(asked, failing())).rejects.toBe(fault);
    expect(await read(owner)).toEqual({ p1: json("p1", "a") });
  });
});

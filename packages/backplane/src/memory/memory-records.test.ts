import { expect, test } from "vitest";
import { MemoryRecords } from "./memory-records.ts";

function read(records: MemoryRecords): unknown {
  const rows: Record<string, string> = {};
  const seeded = records.read("posts", (id, json) => (rows[id] = json));
  return seeded === undefined ? undefined : rows;
}

test("past the limit no rows are kept at all, so that none are missing unnoticed (P6, P8)", () => {
  const records = new MemoryRecords(20);
  records.put({ collection: "posts", id: "p1", json: "12345678" });
  records.put({ collection: "posts", id: "p1", json: "123456789" });
  records.put({ collection: "posts", id: "p2", json: "1234567" });
  expect(read(records)).toEqual({ p1: "123456789", p2: "1234567" });
  records.put({ collection: "posts", id: "p2", json: undefined });
  records.put({ collection: "posts", id: "p3", json: "1234567" });
  expect(read(records)).toEqual({ p1: "123456789", p3: "1234567" });
  records.put({ collection: "notes", id: "n1", json: "" });
  expect(read(records)).toBeUndefined();
});

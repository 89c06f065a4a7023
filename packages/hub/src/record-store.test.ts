import type { RecordRow } from "@sluice/rules";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RecordStore } from "./record-store.ts";

function storeOf(maxRecords = 10): { readonly store: RecordStore; readonly tooMany: string[] } {
  const tooMany: string[] = [];
  const onTooMany = (id: string): void => void tooMany.push(id);
  return { store: new RecordStore({ maxRecords, onTooMany }), tooMany };
}

function load(store: RecordStore, rows: readonly (RecordRow & { readonly id: string })[]): boolean {
  const loading = store.begin("c1");
  for (const row of rows) loading.put(row.id, row);
  return store.finish("c1", loading);
}

function ids(rows: Iterable<RecordRow>): readonly unknown[] {
  return [...rows].map(({ id }) => id);
}

test("P6: a collection is at hand once it is loaded, and not before", () => {
  const { store } = storeOf();
  store.put("c1", { id: "a" });
  expect([store.has("c1"), store.get("c1", "a"), store.count("c1")]).toEqual([false, undefined, 0]);
  const loading = store.begin("c1");
  loading.put("b", { id: "b" });
  expect(store.has("c1")).toBe(false);
  expect(store.finish("c1", loading)).toBe(true);
  expect([store.has("c1"), ids(store.all("c1"))]).toEqual([true, ["b"]]);
  store.drop("c1");
  expect([store.has("c1"), ids(store.all("c1"))]).toEqual([false, []]);
});

test("what is logged while a collection is loaded is newer than what is loaded, in whatever order they come", () => {
  const { store } = storeOf();
  const loading = store.begin("c1");
  loading.put("a", { id: "a", n: 1 });
  store.put("c1", { id: "a", n: 2 });
  store.put("c1", { id: "b", n: 1 });
  loading.put("b", { id: "b", n: 0 });
  store.put("c1", { id: "c", n: 1 });
  store.remove("c1", "c");
  loading.put("c", { id: "c", n: 1 });
  store.finish("c1", loading);
  expect([...store.all("c1")]).toEqual([
    { id: "a", n: 2 },
    { id: "b", n: 1 },
  ]);
});

test("a collection that is loaded again stays as it is until that is finished; of two loads the later counts", () => {
  const { store } = storeOf();
  load(store, [{ id: "a" }]);
  const [first, second] = [store.begin("c1"), store.begin("c1")];
  first.put("b", { id: "b" });
  expect(store.finish("c1", first)).toBe(false);
  expect(ids(store.all("c1"))).toEqual(["a"]);
  second.put("c", { id: "c" });
  expect(store.finish("c1", second)).toBe(true);
  expect(ids(store.all("c1"))).toEqual(["c"]);
});

test("rows are found by the texts of a field, elements of lists among them, as they change", () => {
  const { store } = storeOf();
  load(store, [
    { id: "a", room: "r1", tags: ["x", "y"] },
    { id: "b", room: "r1", tags: ["y", "y"] },
    { id: "c", room: "r2", tags: 7 },
  ]);
  const find = (field: string, value: string): readonly unknown[] => ids(store.by("c1", field, value));
  expect([find("room", "r1"), find("room", "r2"), find("tags", "y"), find("tags", "x")]).toEqual([
    ["a", "b"],
    ["c"],
    ["a", "b"],
    ["a"],
  ]);
  store.put("c1", { id: "a", room: "r2", tags: [] });
  store.put("c1", { id: "d", room: "r2" });
  store.remove("c1", "c");
  expect([find("room", "r1"), find("room", "r2"), find("tags", "y"), find("tags", "x")]).toEqual([
    ["b"],
    ["a", "d"],
    ["b"],
    [],
  ]);
  expect(find("nothing", "r1")).toEqual([]);
});

/** Each row of a member of a room. */
const someMember = fc.record({
  id: fc.constantFrom("a", "b", "c", "d", "e"),
  room: fc.constantFrom<unknown[]>("r1", "r1", "r2", "r2", "", 7, ["r1"]),
  user: fc.constantFrom<unknown[]>("u1", "u1", "u2", "u3", "", "__proto__", undefined, ["u1"], 5),
});

test("what a column says is told of the rows as they are, or not where one has a list", () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: someMember },
    { weight: 1, arbitrary: someMember.map(({ id }) => id) },
  );
  const check = fc.property(fc.array(someMember), fc.array(step), (first, steps) => {
    const { store } = storeOf();
    load(store, first);
    for (const change of steps) {
      if (typeof change === "string") store.remove("c1", change);
      else store.put("c1", change);
      for (const value of ["r1", "r2", "", "r3"]) {
        const rows = [...store.by("c1", "room", value)];
        const texts = rows.map(({ user }) => (typeof user === "string" ? user : ""));
        const isTold = rows.every(({ room }) => typeof room === "string");
        const told = store.textsBy("c1", { field: "room", value, column: "user" });
        expect(told?.toSorted()).toEqual(isTold ? texts.toSorted() : undefined);
      }
    }
  });
  fc.assert(check, { numRuns: 300 });
});

test("P8: a collection with too many rows is told once and not at hand, until it is loaded with fewer", () => {
  const { store, tooMany } = storeOf(2);
  expect(load(store, [{ id: "a" }, { id: "b" }, { id: "c" }])).toBe(false);
  expect([store.has("c1"), tooMany]).toEqual([false, ["c1"]]);
  expect(load(store, [{ id: "a" }, { id: "b" }])).toBe(true);
  store.put("c1", { id: "b", n: 1 });
  expect(store.has("c1")).toBe(true);
  store.put("c1", { id: "c" });
  store.put("c1", { id: "d" });
  expect([store.has("c1"), tooMany]).toEqual([false, ["c1", "c1"]]);
});

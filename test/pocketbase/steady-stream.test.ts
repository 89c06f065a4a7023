import { afterAll, beforeAll, expect, test } from "vitest";
import { PocketBaseSource } from "../../apps/bridge/src/pocketbase-source.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { type PocketBaseProcess, startPocketBase, superuser } from "./pocketbase-process.ts";
import { importCollections, signInSuperuser } from "./signed-in.ts";

let pocketBase: PocketBaseProcess;
beforeAll(async () => {
  pocketBase = await startPocketBase();
});
afterAll(() => pocketBase.close());

test("P5: a stream that is replaced again and again brings each change once, and its end is told", async () => {
  const root = await signInSuperuser(pocketBase.url);
  await importCollections(root, [
    { name: "counters", type: "base", fields: [{ name: "n", type: "number" }] },
  ]);
  const { id } = await root.collection("counters").create({ n: 0 });
  const source = await PocketBaseSource.signIn(pocketBase.url, superuser);
  const heard: unknown[] = [];
  let ends = 0;
  const stream = await source.follow(
    ["counters"],
    { change: ({ record }) => heard.push(record["n"]), ended: () => (ends += 1) },
    { idleMs: 60_000, ageMs: 20, overlapMs: 300 },
  );
  const written = Array.from({ length: 1_000 }, (_, n) => n + 1);
  for (const n of written) await root.collection("counters").update(id, { n });
  await waitUntil(() => heard.length >= written.length, "all changes", 10_000);
  expect(heard.toSorted((left, right) => Number(left) - Number(right))).toEqual(written);
  expect(ends).toBe(0);
  await pocketBase.kill();
  await waitUntil(() => ends === 1, "the end");
  stream.close();
  expect(ends).toBe(1);
});

import { BackplaneError } from "@sluice/backplane";
import { RecordStore } from "@sluice/hub";
import { type Collection, parseCollections } from "@sluice/protocol";
import { pino } from "pino";
import { expect, test } from "vitest";
import { waitUntil } from "../../../test/harness/wait-until.ts";
import { RecordLoader } from "./record-loader.ts";

const [rooms, teams] = [collectionOf("rooms"), collectionOf("teams")];

function collectionOf(name: string): Collection {
  const [collection] = parseCollections([{ name, fields: [] }]).collections;
  if (collection === undefined) throw new TypeError(`expected a collection, got none for ${name}`);
  return collection;
}

/** A place where rows are read, whose reads go on when they are told to. */
function openSource(rows: Readonly<Record<string, readonly (readonly [string, string])[] | undefined>>) {
  const state = { rows: { ...rows }, end: "5-0", failures: 0, reads: 0 };
  const releases: (() => void)[] = [];
  const source = {
    readRecords: async (name: string, take: (id: string, json: string) => void) => {
      state.reads += 1;
      for (const [id, json] of state.rows[name] ?? []) take(id, json);
      await new Promise<void>((resolve) => releases.push(resolve));
      if (state.failures-- > 0) throw new BackplaneError("away");
      return state.rows[name] && "a seeding";
    },
    logEnd: async () => state.end,
  };
  const go = (): void => {
    for (const release of releases.splice(0)) release();
  };
  return { source, state, go };
}

function openLoader() {
  const lines: { msg: string; collection: string }[] = [];
  const log = pino({ level: "info" }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const records = new RecordStore({ maxRecords: 3, onTooMany: () => undefined });
  const loader = new RecordLoader({
    records,
    hub: {
      finishLoad: (id, load) => records.finish(id, load),
      dropRecords: (id) => records.drop(id),
    },
    log,
  });
  loader.reach("1-0");
  return { loader, records, lines };
}

const row = (id: string, n = 0) => [id, JSON.stringify({ id, n })] as const;

test("P6: a collection is at hand where the node has come to the place at which its last row was read", async () => {
  const { source, go } = openSource({ rooms: [row("a"), row("b")] });
  const { loader, records, lines } = openLoader();
  loader.follow([rooms]);
  const started = loader.start(source);
  expect([loader.missing, records.has(rooms.id)]).toEqual([1, false]);
  records.put(rooms.id, { id: "b", n: 3 });
  loader.reach("3-0");
  go();
  records.remove(rooms.id, "a");
  loader.reach("4-9");
  await new Promise(setImmediate);
  expect(records.has(rooms.id)).toBe(false);
  loader.reach("5-0");
  await started;
  expect([...records.all(rooms.id)]).toEqual([{ id: "b", n: 3 }]);
  expect([loader.missing, loader.rows]).toEqual([0, 1]);
  expect(lines.at(-1)).toMatchObject({ collection: "rooms", rows: 1 });
});

test("P6: what is not seeded is not at hand until it is, and that is told", async () => {
  const { source, state, go } = openSource({ rooms: undefined });
  const { loader, records, lines } = openLoader();
  loader.follow([rooms]);
  const started = loader.start(source);
  go();
  await started;
  expect([records.has(rooms.id), loader.missing]).toEqual([false, 1]);
  expect(lines.at(-1)?.msg).toContain("not seeded");
  state.rows["rooms"] = [row("a")];
  loader.reach("9-0");
  loader.reload("rooms");
  go();
  await waitUntil(() => records.has(rooms.id), "the rows");
  expect(records.count(rooms.id)).toBe(1);
});

test("P6: rows that are none leave the collection out, and nothing of them is logged", async () => {
  for (const text of ['{"id":"a","secret":"xyzzy"', '["xyzzy"]', '{"id":"xyzzy"}']) {
    const { source, go } = openSource({ rooms: [["a", text]] });
    const { loader, records, lines } = openLoader();
    loader.follow([rooms]);
    const started = loader.start(source);
    go();
    await started;
    expect(records.has(rooms.id)).toBe(false);
    expect(lines.at(-1)?.msg).toContain("could not be loaded");
    expect(JSON.stringify(lines)).not.toContain("xyzzy");
  }
});

test("what is not followed any more is forgotten; what is new is loaded, and the others stay", async () => {
  const { source, state, go } = openSource({ rooms: [row("a")], teams: [row("t")] });
  const { loader, records } = openLoader();
  loader.reach("5-0");
  loader.follow([rooms]);
  const started = loader.start(source);
  go();
  await started;
  loader.follow([rooms, teams]);
  go();
  await waitUntil(() => records.has(teams.id), "the teams");
  expect(state.reads).toBe(2);
  loader.follow([teams]);
  expect([records.has(rooms.id), records.has(teams.id), loader.rows]).toEqual([false, true, 1]);
});

test("behind a gap all is forgotten and loaded again, whatever was under way", async () => {
  const { source, state, go } = openSource({ rooms: [row("a")] });
  const { loader, records } = openLoader();
  loader.reach("5-0");
  loader.follow([rooms]);
  const started = loader.start(source);
  go();
  await started;
  loader.reload("rooms");
  state.end = "2-0";
  state.rows["rooms"] = [row("b")];
  loader.restartAt("2-0");
  expect(records.has(rooms.id)).toBe(false);
  go();
  await waitUntil(() => records.has(rooms.id), "the rows");
  expect([...records.all(rooms.id)]).toEqual([{ id: "b", n: 0 }]);
});

test("rows that cannot be read are read again once they can be", async () => {
  const { source, state, go } = openSource({ rooms: [row("a")] });
  const { loader, records } = openLoader();
  loader.reach("5-0");
  state.failures = 1;
  loader.follow([rooms]);
  const started = loader.start(source);
  go();
  await waitUntil(() => state.reads === 2, "a second read");
  go();
  await started;
  expect(records.count(rooms.id)).toBe(1);
});

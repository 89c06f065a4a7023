import { describe, expect, test } from "vitest";
import { RecentEvents } from "./recent-events.ts";

/** A node that began at an entry and has read so many more. */
function eventsFrom(first: number, count: number): RecentEvents {
  const recent = new RecentEvents();
  recent.startAt(`${first}-0`);
  for (let index = 1; index <= count; index++) recent.push({ cursor: `${first + index}-0`, text: "x" });
  return recent;
}

const cursorsIn = (recent: RecentEvents, from: string, count = 100): readonly string[] | undefined =>
  recent.read(from, count)?.map(({ cursor }) => cursor);

describe("recent events", () => {
  test("are read from an entry on, or from the next where it is not there", () => {
    const recent = eventsFrom(1, 4);
    expect(cursorsIn(recent, "3-0")).toEqual(["3-0", "4-0", "5-0"]);
    expect(cursorsIn(recent, "3-1", 1)).toEqual(["4-0"]);
    expect(cursorsIn(recent, "9-0")).toEqual([]);
    expect(recent.position).toBe("5-0");
  });

  test("have nothing to say of what is older, or of the entry behind which the node began", () => {
    const recent = eventsFrom(5, 2);
    expect(cursorsIn(recent, "4-0")).toBeUndefined();
    expect(cursorsIn(recent, "5-0")).toBeUndefined();
    expect(cursorsIn(recent, "5-1")).toEqual(["6-0", "7-0"]);
    expect(cursorsIn(new RecentEvents(), "1-0")).toBeUndefined();
  });

  test("take older ones that end where they begin, and no others", () => {
    const recent = eventsFrom(5, 2);
    recent.prepend([{ cursor: "2-0", text: "b" }]);
    expect(cursorsIn(recent, "2-0")).toBeUndefined();
    recent.prepend([
      { cursor: "3-0", text: "c" },
      { cursor: "5-0", text: "e" },
      { cursor: "6-0", text: "x" },
    ]);
    expect(recent.read("3-0", 3)).toEqual([
      { cursor: "3-0", text: "c" },
      { cursor: "5-0", text: "e" },
      { cursor: "6-0", text: "x" },
    ]);
  });

  test("are at most 20,000, the newest", () => {
    const recent = eventsFrom(1, 30_000);
    expect(cursorsIn(recent, "10001-0")).toBeUndefined();
    expect(cursorsIn(recent, "10002-0", 1)).toEqual(["10002-0"]);
    expect(cursorsIn(recent, "30001-0")).toEqual(["30001-0"]);
  });

  test("are at most 16 Mi characters, but always the last one", () => {
    const recent = new RecentEvents();
    recent.startAt("1-0");
    for (const ms of [2, 3, 4]) recent.push({ cursor: `${ms}-0`, text: "x".repeat(8_000_000) });
    expect(cursorsIn(recent, "2-0")).toBeUndefined();
    expect(cursorsIn(recent, "3-0")).toEqual(["3-0", "4-0"]);
    recent.push({ cursor: "5-0", text: "x".repeat(20_000_000) });
    expect(cursorsIn(recent, "5-0")).toEqual(["5-0"]);
  });

  test("forget all where the node begins anew", () => {
    const recent = eventsFrom(1, 4);
    recent.startAt("9-0");
    expect(cursorsIn(recent, "4-0")).toBeUndefined();
    expect(recent.position).toBe("9-0");
  });

  test("know the last entry up to a cursor, where it is at hand", () => {
    const recent = eventsFrom(5, 3);
    expect(recent.lastUpTo("6-0")).toBe("6-0");
    expect(recent.lastUpTo("6-5")).toBe("6-0");
    expect(recent.lastUpTo("99-0")).toBe("8-0");
    expect(recent.lastUpTo("4-0")).toBeUndefined();
  });
});

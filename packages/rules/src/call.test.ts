import { describe, expect, test } from "vitest";
import { SeededChoice } from "../../../test/harness/seeded-choice.ts";
import { sqliteOracle } from "../../../test/vectors/sqlite-oracle.ts";
import { compileRule, type Decision, RuleError } from "./index.ts";

const types = { title: "text", km: "number", at: "date", place: "geoPoint", data: "json", tags: "select" };
const fields = Object.entries(types).map(([name, type]) => ({
  name,
  type,
  multiple: name === "tags",
  hidden: false,
}));
const collection = { id: "posts_id", name: "posts", type: "base", listRule: "", fields } as const;
const schema = { find: () => undefined };

function compile(text: string) {
  return compileRule(text, { schema, collection, kind: "rule" });
}

type Json = Readonly<Record<string, unknown>>;

function decide(text: string, record: Json = {}, query: Readonly<Record<string, string>> = {}): Decision {
  return compile(text).decide({ record, request: { query, headers: {} }, nowMs: 0 });
}

/** The value of a call, as whoever asks why a rule did not pass is told. */
function valueOf(call: string, record: Json = {}): unknown {
  const subject = { record, request: { query: {}, headers: {} }, nowMs: 0 };
  return compile(`${call} < -1`).explain(subject)[0]?.left.value;
}

/** PocketBase's SQL, over lonA, latA, lonB, latB. */
const distance = sqliteOracle(`6371 * acos(
  cos(radians(?2)) * cos(radians(?4)) * cos(radians(?3) - radians(?1)) + sin(radians(?2)) * sin(radians(?4))
)`);

describe("geoDistance", () => {
  test("is the distance that SQLite computes", () => {
    const choice = new SeededChoice(10);
    const degrees = (limit: number): number => choice.integer(limit * 2e4) / 1e4 - limit;
    const cases = Array.from(
      { length: 2_000 },
      () => [degrees(200), degrees(95), degrees(200), degrees(95)] as const,
    );
    for (const [lonA, latA, lonB, latB] of cases) {
      const place = { lon: lonA, lat: latA };
      const km = valueOf(`geoDistance(place.lon, place.lat, ${lonB}, ${latB})`, { place });
      expect(km).toBeCloseTo(Number(distance(lonA, latA, lonB, latB)), 6);
    }
  });

  test.each([
    ["geoDistance(13.4, 52.52, 2.35, 48.857) > 877", true],
    ["geoDistance(13.4, 52.52, 2.35, 48.857) < 878", true],
    ["geoDistance(0, 0, 180, 0) > 20015", true],
    ["geoDistance(0, 90, 0, -90) > 20015", true],
    ["geoDistance(place.lon, place.lat, 1, 0) > 111", true],
    ["geoDistance(data.lon, data.lat, 1, 0) > 111", true],
    ["geoDistance(title, km, 1, 0) > 111", true],
    ["geoDistance(data.text, km, 1, 0) = null", true],
    ["geoDistance(null, 0, 1, 0) = null", true],
    ["geoDistance(null, 0, 1, 0) = ''", false],
    ["geoDistance(null, 0, 1, 0) != 1", true],
    ["geoDistance(null, 0, 1, 0) > 1", false],
    ["geoDistance(true, false, true, 90) > 10007", true],
    ["geoDistance(@request.query.lon, 0, 1, 0) > 111", true],
    ["geoDistance(@request.query.none, 0, 1, 0) = null", true],
  ])("%s is %s", (text, decision) => {
    const record = {
      title: " 0.0 ",
      km: 0,
      place: { lon: 0, lat: 0 },
      data: { lon: "0", lat: 0, text: "x" },
    };
    expect(decide(text, record, { lon: "0" })).toBe(decision);
  });

  test("of a place to itself is next to nothing, or NULL where rounding leads out of the domain of acos", () => {
    const places = Array.from({ length: 180 }, (_, index) => [index - 90, index / 3] as const);
    const all = places.map(([lon, lat]) => valueOf(`geoDistance(${lon}, ${lat}, ${lon}, ${lat})`));
    const near = all.filter((km) => typeof km === "number" && km < 0.001);
    const outside = all.filter((km) => km === null);
    expect(outside.length).toBeGreaterThan(0);
    expect(near.length + outside.length).toBe(all.length);
  });

  test("of columns alone is contained in a text on its left of ~", () => {
    const record = { title: "it is 157.2493812719255 km", place: { lon: 1, lat: 1 }, km: 0 };
    expect(decide("title ~ geoDistance(place.lon, place.lat, km, km)", record)).toBe(true);
    expect(decide("title ~ geoDistance(place.lon, place.lat, km, km)", { ...record, title: "158 km" })).toBe(
      false,
    );
  });

  test("on the right of ~ has its parameters made patterns, which are no numbers", () => {
    expect(decide("title ~ geoDistance(0, 0, 1, 0)", { title: "111.19492664455873" })).toBe(false);
    expect(decide("title !~ geoDistance(0, 0, 1, 0)", { title: "x" })).toBe(false);
  });

  test("on the left of ~ is the text of a REAL", () => {
    expect(decide("geoDistance(0, 0, 1, 0) ~ '111.19'")).toBe(true);
    expect(decide("geoDistance(0, 0, 0, 0) ~ '0.0'")).toBe(true);
  });
});

describe("strftime", () => {
  const record = {
    title: "2024",
    km: 2024,
    at: "2024-05-17 13:45:06.789Z",
    tags: ["2024-01-01", "2025-01-01"],
  };

  test.each([
    ["strftime('%Y', at) = '2024'", true],
    ["strftime('%Y', at) = 2024", false],
    ["strftime('%Y', at) > 3000", true],
    ["strftime('%Y', at) = km", false],
    ["strftime('%Y', at) >= km", true],
    ["strftime('%Y', at) = title", true],
    ["strftime('%Y', '2024-05-17') = title", true],
    ["strftime('%F', at, '+1 month', 'start of month', '-1 day',) = '2024-05-31'", true],
    ["strftime('%Y', data.at) = ''", true],
    ["strftime('%Y', null) = null", true],
    ["strftime('%F', 2460447.5) = '2024-05-17'", true],
    ["strftime('%F', 1715953506, 'unixepoch') = '2024-05-17'", true],
    ["strftime('%q', at) = null", true],
    ["strftime('%Y') > '0'", true],
    ["title ~ strftime('%Y', at)", true],
    ["strftime('%Y', at) ~ '02'", true],
    ["strftime('%Y', tags:each) ?= '2025'", true],
    ["strftime('%Y', tags:each) = '2025'", false],
    ["strftime('%Y', tags:each) > '2023'", true],
  ])("%s is %s", (text, decision) => {
    expect(decide(text, record)).toBe(decision);
  });

  test("on the right of ~ is a pattern as it stands", () => {
    expect(decide("title ~ strftime('%Y', at)", { ...record, title: "in 2024" })).toBe(false);
    expect(decide("title ~ strftime('%%%Y%%', at)", { ...record, title: "in 2024" })).toBe(true);
  });

  test("on the right of ~ has its parameters made patterns, which are no modifiers", () => {
    expect(decide("title ~ strftime('%Y', '2024-05-17')", record)).toBe(false);
    expect(decide("title !~ strftime('%Y', at, '+1 year')", record)).toBe(false);
    expect(decide("title !~ strftime('x', at)", record)).toBe(false);
  });
});

describe("a call is refused", () => {
  test.each([
    ["geoDistance() = 1", 0],
    ["geoDistance(1, 2, 3) = 1", 0],
    ["geoDistance(1, 2, 3, 4, 5) = 1", 0],
    ["geoDistance(1, 2, 3, '4') = 1", 0],
    ["geoDistance(1, 2, 3, geoDistance(1, 2, 3, 4)) = 1", 0],
    ["1 = geoDistance(1, 2, 3, nope)", 25],
    ["title = 1 || strftime() = 1", 13],
    ["strftime(title) = 1", 0],
    ["strftime(1) = 1", 0],
    ["strftime('%Y', strftime('%Y')) = 1", 0],
    ["strftime('%Y', at, title) = 1", 0],
    ["strftime('%Y', at, 1) = 1", 0],
    ["strftime('%Y', nope) = 1", 15],
    [`strftime('%Y', at${", '+1 day'".repeat(9)}) = 1`, 0],
    ["StrFTime('%Y') = 1", 0],
    ["now() = 1", 0],
  ])("%s at %d", (text, position) => {
    let error: unknown;
    try {
      compile(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(RuleError);
    expect(error).toMatchObject({ code: "unknown", position });
  });

  test("but not with the most arguments that it takes", () => {
    expect(decide(`strftime('%Y', at${", '+1 year'".repeat(8)}) = '2032'`, { at: "2024-05-17" })).toBe(true);
  });
});

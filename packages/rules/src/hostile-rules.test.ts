import type { CompiledRule, RuleError, Subject } from "@sluice/rules";
import { describe, expect, test } from "vitest";
import { callMs } from "../../../test/harness/cpu-time.ts";
import { SeededChoice } from "../../../test/harness/seeded-choice.ts";
import { usedHeapBytes } from "../../../test/harness/used-heap.ts";
import { Mutants } from "../../../test/rules/mutant.ts";
import { compile, tryCompile } from "../../../test/rules/try-compile.ts";
import { vectorRules, vectors } from "../../../test/rules/vector-rules.ts";

/** Longest that one compilation or one evaluation may take. */
const slowMs = 50;

const megabyte = 1_000_000;

function subjectOf(record: Subject["record"]): Subject {
  const auth = { id: "u1", collectionId: "pbc_users", collectionName: "users", name: "a%", roles: ["a"] };
  const query = { a: "%a%b", k: "x", total: `${"1".repeat(2_000)}x`, "a:b": "" };
  return { record, request: { auth, query, headers: { x_token: "_" } }, nowMs: Date.UTC(2026, 0, 1) };
}

const ids = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `u${index}`);

const noons = (count: number): readonly string[] => Array<string>(count).fill("12:00");

const smallSubjects = [10, 600, 2_000].map((index) => subjectOf(vectors[index]?.record ?? {}));

const bigSubjects = [
  {
    title: "a".repeat(megabyte),
    body: "%a%a%a%_b",
    tags: ["a".repeat(20_000), "_%".repeat(10_000)],
    data: { a: `${"a".repeat(49_000)}b`, b: ["%_a", { c: `ab${"a".repeat(3_000)}` }] },
  },
  {
    title: "_".repeat(40_000),
    body: "Lorem ipsum ".repeat(megabyte / 12),
    total: 1e300,
    status: "%".repeat(49_999),
    tags: ids(100),
    data: ids(100_000),
  },
  {
    title: "1".repeat(megabyte),
    body: `${"ab".repeat(megabyte / 2)}c`,
    at: " ".repeat(megabyte),
    editors: ids(90),
    tags: ids(90),
    data: JSON.parse("[".repeat(1_000) + "]".repeat(1_000)),
  },
].map(subjectOf);

describe("a mutant of a rule", () => {
  const count = 200_000;
  const mutants = new Mutants(vectorRules);

  /** What is wrong with how the rules take one text. */
  function problemsWith(seed: number): readonly string[] {
    const text = mutants.next(new SeededChoice(seed));
    const subjects = seed % 20 === 0 ? smallSubjects.concat(bigSubjects) : smallSubjects;
    const problems = (["rule", "filter"] as const).flatMap((kind) => {
      let compiled: CompiledRule | RuleError["code"] = "syntax";
      const compiling = problemOf(() => (compiled = tryCompile(text, kind)));
      const evaluating = subjects.map((subject) =>
        problemOf(() => typeof compiled === "string" || compiled.decide(subject)),
      );
      return evaluating.concat(compiling).flatMap((problem) => problem ?? []);
    });
    return problems.map((problem) => `${seed}: ${problem}: ${text.slice(0, 500)}`);
  }

  test(
    "is compiled or refused, and decided, quickly, and leaves nothing behind",
    { timeout: 300_000 },
    () => {
      const problems: string[] = [];
      for (let seed = 0; seed < count / 20; seed++) problemsWith(seed);
      const before = usedHeapBytes();
      for (let seed = 0; seed < count && problems.length < 5; seed++) problems.push(...problemsWith(seed));
      expect(problems).toEqual([]);
      expect(usedHeapBytes() - before).toBeLessThan(5_000_000);
    },
  );

  test("is often a rule, and more often none", () => {
    const texts = Array.from({ length: 2_000 }, (_, seed) => mutants.next(new SeededChoice(seed)));
    const compiled = texts.filter((text) => typeof tryCompile(text) !== "string").length;
    expect(compiled).toBeGreaterThan(200);
    expect(compiled).toBeLessThan(1_000);
    expect(Math.max(...texts.map((text) => text.length))).toBe(10_000);
  });
});

function problemOf(call: () => unknown): string | undefined {
  try {
    const ms = callMs(call, slowMs);
    return ms > slowMs ? `${ms} ms` : undefined;
  } catch (error) {
    return String(error);
  }
}

const nested = (depth: number, inner: string): string => "(".repeat(depth) + inner + ")".repeat(depth);

describe("a text that is made to be slow is compiled or refused quickly", () => {
  test.each([
    ["a number with a dot at its end", `title = ${"1".repeat(9_990)}.`],
    ["a number with two dots", `title = ${"1".repeat(4_990)}.${"1".repeat(4_990)}.1`],
    ["brackets in brackets", nested(5_000, "")],
    ["brackets around a long text", nested(199, `title = '${"a".repeat(9_500)}'`)],
    ["brackets around many comparisons", nested(199, `a=1${"&&id=1".repeat(199)}`)],
    ["brackets beside brackets", "(id=1)".repeat(1_600)],
    ["quotes in brackets", `(${"''".repeat(4_990)})`],
    ["comments", `${"//'(\n".repeat(1_990)}id = 1`],
    ["a name of back relations", `${"a_via_".repeat(1_650)}a:b.id = 1`],
    ["a path of relations", `${"parent.".repeat(1_400)}id = 1`],
    ["a path into JSON", `data${".a".repeat(4_980)} = 1`],
    ["arguments", `strftime(${"'a',".repeat(2_480)}) = 1`],
    ["nested calls", `${"f(".repeat(4_990)} = 1`],
    ["signs", "=".repeat(10_000)],
    ["joins", `id = 1 ${"&".repeat(9_990)}`],
    ["backslashes", `id = '${"\\".repeat(9_990)}'`],
    ["escaped quotes", `id = '${"\\'".repeat(4_990)}'`],
  ])("%s", (_, text) => {
    expect(problemOf(() => tryCompile(text))).toBeUndefined();
  });
});

/** A comparison joined to itself. */
function often(comparison: string, times = 200): string {
  return Array<string>(times).fill(`(${comparison})`).join(" || ");
}

describe("a record that is made to be slow is decided quickly", () => {
  const as = "a".repeat(megabyte);

  test.each([
    ["a contained text that begins everywhere", `title ~ 'ab${"a".repeat(9_900)}'`, { title: as }],
    ["a contained text that ends everywhere", `title ~ '${"a".repeat(9_900)}b'`, { title: as }],
    ["many wildcards", "title ~ '%a%a%a%b'", { title: as }],
    ["only wildcards", `title ~ '${"%_".repeat(4_900)}'`, { title: as }],
    ["one wildcard in a text", "title ~ '%a_b_%'", { title: as }],
    ["a run of wildcards", `title ~ '%${"_".repeat(1_000)}b%'`, { title: as }],
    ["a column as the pattern", "title ~ body", { title: as, body: `b${"_a".repeat(24_000)}` }],
    ["JSON as the pattern", "title ~ data.p", { title: as, data: { p: `a${"_".repeat(49_000)}b%` } }],
    ["a pattern of 50,000 bytes", "title ~ body", { title: as, body: `ab${"a".repeat(49_996)}` }],
    ["a pattern of more", "title ~ body", { title: as, body: as }],
    ["letters in both cases", "title ~ 'x'", { title: "aB".repeat(megabyte / 2) }],
    ["almost equal texts", "title > body", { title: as, body: `${as}b` }],
    ["almost a number", "title > total", { title: `${"1".repeat(megabyte)}x` }],
    ["almost a time", "strftime('%Y', title) = 'x'", { title: `${" ".repeat(megabyte)}2026` }],
    ["a large JSON value", "data = 'x'", { data: ids(100_000) }],
    ["a deep JSON value", "data = 'x'", { data: JSON.parse("[".repeat(1_000) + "]".repeat(1_000)) }],
    ["a large list as a text", "tags ~ 'x'", { tags: ids(100_000) }],
    ["many elements, one of which must do", "tags:each ?= 'x'", { tags: ids(10_000) }],
    ["too many elements", "tags:each ?= 'x'", { tags: ids(100_000) }],
    ["elements beside elements", "tags:each ?= editors:each", { tags: ids(100), editors: ids(90) }],
    ["elements that must all do", "tags:each != 'x' && flag = true", { tags: ids(500) }],
    ["10,000 elements that must all do", "tags:each != 'x' && title = 'b'", { tags: ids(10_000) }],
    ["elements that must all do, often", often("tags:each != 'x' && title = 'b'", 100), { tags: ids(1_000) }],
    [
      "elements that must all do beside elements",
      "tags:each != editors:each && title = 'b'",
      { tags: ids(100), editors: ids(100) },
    ],
    ["letters in both cases, often", often("title:lower = 'x'"), { title: "aBaB".repeat(megabyte / 4) }],
    ["letters beyond ASCII, often", often("title:lower = 'x'"), { title: "aBéB".repeat(megabyte / 4) }],
    ["wildcards, often", often("title ~ '%a_b_%'"), { title: as }],
    ["a long contained text, often", often(`title ~ 'ab${"a".repeat(500)}'`), { title: as }],
    ["a short contained text, often", often("title ~ 'ab'"), { title: as }],
    ["a large list as a text, often", often("tags ~ 'x'"), { tags: ids(100_000) }],
    ["the length of a large list, often", often("tags:length > 1000000"), { tags: ids(100_000) }],
    ["almost equal texts, often", often("title > body"), { title: as, body: `${as}b` }],
    ["a large JSON value, often", often("data = 'x'"), { data: ids(100_000) }],
    ["many elements, often", often("tags:each ?= 'x'"), { tags: ids(10_000) }],
    ["many elements, alike and often", often("tags:each ?~ 'x'"), { tags: ids(10_000) }],
    [
      "many elements that must not end as a long text",
      `tags:each !~ '%${"x".repeat(2_000)}'`,
      { tags: ids(100_000) },
    ],
    ["many elements beside many wildcards", `tags:each ~ '${"%".repeat(2_000)}'`, { tags: ids(100_000) }],
    ["many elements that lack many parts", `tags:each !~ '${"_%".repeat(1_000)}'`, { tags: ids(100_000) }],
    ["many times", `strftime('${"%s".repeat(1_000)}', tags:each) != 'x'`, { tags: noons(100_000) }],
    [
      "many times, changed often",
      `strftime('%Y', tags:each${", '+1 day'".repeat(8)}) != 'x'`,
      { tags: noons(100_000) },
    ],
    ["many elements in a long text", often(`tags:each ?~ '${"x".repeat(2_000)}'`, 4), { tags: ids(10_000) }],
    [
      "elements as patterns",
      "tags:each ?~ editors:each",
      { tags: ids(100), editors: ids(100).map((id) => id.repeat(250)) },
    ],
    [
      "a few long elements as patterns",
      "tags:each ?~ editors:each",
      { tags: ids(10), editors: ids(10).map((id) => id.repeat(2_500)) },
    ],
  ])("%s", (_, rule, record) => {
    const compiled = compile(rule);
    const subject = subjectOf(record);
    expect(problemOf(() => compiled.decide(subject))).toBeUndefined();
  });
});

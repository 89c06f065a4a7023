import {
  compileRule,
  type OperandValue,
  type RecordRow,
  type RuleProgram,
  type Subject,
} from "@sluice/rules";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { callMs } from "../../../test/harness/cpu-time.ts";
import { posts, schema } from "../../../test/rules/collections.ts";
import { joinNames, ownNames, requestNames, someRule } from "../../../test/rules/random-rule.ts";
import { someRows, someSubject } from "../../../test/rules/random-subject.ts";
import { RowTable } from "../../../test/rules/row-table.ts";
import { compile, tryCompile } from "../../../test/rules/try-compile.ts";
import { nearestRow } from "./nearest-row.ts";
import { withParents } from "./join-node.ts";
import { type Cell, isRecord, type Row } from "./row.ts";
import type { Side } from "./side.ts";
import { comparisonsOf, type Term } from "./term.ts";

const cats: readonly RecordRow[] = [
  { id: "c1", name: "red", parent: "c9", score: 1, opts: ["a", "b"] },
  { id: "c2", name: "red", parent: "c8", score: 2, opts: ["b"] },
  { id: "c3", name: "blue", parent: "u1", score: 3, opts: [] },
];

const users: readonly RecordRow[] = [
  { id: "u1", name: "Ann", age: 20, team: "t1", email: "a@b.c", emailVisibility: true },
  { id: "u2", name: "Bob", age: 30, team: "gone", email: "b@b.c" },
];

function subjectWith(rows: readonly RecordRow[]): Subject {
  return {
    record: {
      id: "p1",
      title: "red",
      tags: ["x", "y"],
      author: "u2",
      editors: ["u1", "u2"],
      cats: ["c1", "c3"],
    },
    request: {
      auth: { id: "u1", collectionId: "pbc_staff", collectionName: "staff" },
      query: {},
      headers: {},
    },
    records: new RowTable(
      new Map([
        ["pbc_cats", rows],
        ["pbc_users", users],
        ["pbc_teams", []],
      ]),
    ),
    nowMs: 0,
  };
}

/** A side as `value in collection/id`. */
function print({ value, row }: ReturnType<ReturnType<typeof compile>["explain"]>[number]["left"]): string {
  const place = row === undefined ? "" : ` in ${row.collection}/${row.id}`;
  return `${JSON.stringify(value)}${place}`;
}

function explain(text: string, { rows = cats, kind = "rule" as "rule" | "filter" } = {}): readonly string[] {
  return compile(text, kind)
    .explain(subjectWith(rows))
    .map(({ text: part, verdict, left, right, isPartial }) => {
      return `${part} ${verdict}: ${print(left)}, ${print(right)}${isPartial ? ", of some" : ""}`;
    });
}

const ofAuth = "@collection.cats.parent ?= @request.auth.id";
const ofTitle = "@collection.cats.name ?= title";

describe("an explanation over joined rows", () => {
  test.each<[what: string, text: string, expected: readonly string[]]>([
    [
      "names the row of whoever asks",
      `${ofAuth} && ${ofTitle}`,
      [`${ofTitle} false: "blue" in cats/c3, "red"`],
    ],
    ["whatever the order", `${ofTitle} && ${ofAuth}`, [`${ofTitle} false: "blue" in cats/c3, "red"`]],
    [
      "names the row for which most holds",
      "@collection.cats.name ?= title && @collection.cats.score ?> 1 && @collection.cats.opts:each ?= 'a'",
      [`@collection.cats.score ?> 1 false: 1 in cats/c1, 1`],
    ],
    [
      "names the first of several",
      "@collection.cats.name ?= 'red' && @collection.cats.score ?= 3",
      [`@collection.cats.score ?= 3 false: 1 in cats/c1, 3`],
    ],
    [
      "lists the values where none will do",
      "@collection.cats.name ?= 'green' && @collection.cats.score ?= 3",
      [`@collection.cats.name ?= 'green' false: ["red","red","blue"], "green"`],
    ],
    [
      "takes a row for each alternative of the whole",
      "(@collection.cats.name ?= 'red' && @collection.cats.score ?= 3) || (@collection.cats:x.name ?= 'blue' && @collection.cats:x.score ?= 1)",
      [
        `@collection.cats.score ?= 3 false: 1 in cats/c1, 3`,
        `@collection.cats:x.score ?= 1 false: 3 in cats/c3, 1`,
      ],
    ],
    [
      "takes one row for what is within &&",
      `${ofAuth} && (@collection.cats.score ?= 1 || @collection.cats.score ?= 2)`,
      [
        `@collection.cats.score ?= 1 false: 3 in cats/c3, 1`,
        `@collection.cats.score ?= 2 false: 3 in cats/c3, 2`,
      ],
    ],
    [
      "names what a row that passes is held back by besides",
      `${ofAuth} && title = 'x'`,
      [`title = 'x' false: "red", "x"`],
    ],
    [
      "of all values names the row that breaks it",
      "@collection.cats.name = title",
      [`@collection.cats.name = title false: "blue" in cats/c3, "red"`],
    ],
    [
      "of all values on both sides names both rows",
      "@collection.cats.name = @collection.cats:x.name",
      [`@collection.cats.name = @collection.cats:x.name false: "red" in cats/c1, "blue" in cats/c3`],
    ],
    [
      "of all values within lists",
      "cats.opts:each = 'a'",
      [`cats.opts:each = 'a' false: "b" in cats/c1, "a"`],
    ],
    ["of all elements of a list", "tags:each = 'x'", [`tags:each = 'x' false: "y", "x"`]],
    [
      "names a single related row",
      "author.name = 'Ann'",
      [`author.name = 'Ann' false: "Bob" in users/u2, "Ann"`],
    ],
    [
      "says that there is none",
      "author.team.name = 'x'",
      [`author.team.name = 'x' unknown: null in teams/null, "x"`],
    ],
    [
      "names the row on the right",
      "title = author.name",
      [`title = author.name false: "red", "Bob" in users/u2`],
    ],
  ])("%s: %s", (_, text, expected) => {
    expect(explain(text)).toEqual(expected);
  });

  test("says where there is no row at all", () => {
    expect(explain(ofTitle, { rows: [] })).toEqual([`${ofTitle} false: null in cats/null, "red"`]);
  });

  test("shows no e-mail that is not for filters", () => {
    const told = explain("editors.email ?= 'x'", { kind: "filter" });
    expect(told).toEqual([`editors.email ?= 'x' false: "a@b.c" in users/u1, "x"`]);
  });

  test("tells the list rule of a joined row for that row", () => {
    const guarded = { ...schema, find: (key: string) => withListRule(schema.find(key)) };
    const filter = compileRule("cats.name ?= 'blue'", { schema: guarded, collection: posts, kind: "filter" });
    const told = filter.explain(subjectWith(cats)).flatMap(({ text, left }) => `${text} ${print(left)}`);
    expect(told).toEqual(["id = '' \"c3\" in cats/c3", "opts:each = 'a' null in cats/c3"]);
  });

  test("finds the row of whoever asks among more than can be looked at, quickly, and says so", () => {
    const rows = Array.from({ length: 100_000 }, (_, index) => ({
      id: `c${index}`,
      name: "red",
      parent: "x",
    }));
    rows.push({ id: "mine", name: "blue", parent: "u1" });
    const text = `${ofTitle} && ${ofAuth}`;
    expect(explain(text, { rows })).toEqual([`${ofTitle} false: "blue" in cats/mine, "red", of some`]);
    expect(callMs(() => explain(text, { rows }), 500)).toBeLessThan(500);
  });
});

function withListRule(collection: ReturnType<typeof schema.find>): typeof collection {
  return collection?.name === "cats" ? { ...collection, listRule: "opts:each = 'a'" } : collection;
}

/** Most joined rows that are looked at one by one. */
const maxRows = 3_000;

/** Every joined row of a term; nothing where there are too many. */
function everyRow({ nodes }: Term, subject: Subject): readonly Row[] | undefined {
  const rows: Row[] = [];
  const cells: Cell[] = [];
  const visit = (depth: number): boolean => {
    const node = nodes[depth];
    if (node === undefined) return rows.push({ ...subject, cells: [...cells] }) <= maxRows;
    const row = { ...subject, cells };
    return [...node.cellsOf(row, node.origin(row))].every((cell) => {
      cells[node.index] = cell;
      return visit(depth + 1);
    });
  };
  return visit(0) ? rows : undefined;
}

/** How many comparisons are false or unknown, of alternatives those of the best. */
function failures(term: Term, row: Row): number {
  if (term.kind === "comparison" || term.nodes.length === 0) {
    const verdict = term.condition(row);
    return verdict === true || verdict === undefined ? 0 : 1;
  }
  const counts = term.terms.map((part) => failures(part, row));
  return term.kind === "||" ? Math.min(...counts) : counts.reduce((sum, count) => sum + count, 0);
}

const identifiers = [...joinNames, ...joinNames, ...ownNames, ...requestNames.slice(0, 10)];

const someCase = fc.record({
  text: someRule({ identifiers, calls: false }),
  kind: fc.constantFrom("rule" as const, "rule" as const, "filter" as const),
  rows: someRows,
  one: someSubject,
  lacking: fc.oneof(fc.constant(0), fc.nat(63)),
});

type Case = typeof someCase extends fc.Arbitrary<infer T> ? T : never;

function programOf({ text, kind, rows, one, lacking }: Case) {
  const rule = tryCompile(text, kind);
  const records = new RowTable(new Map([...rows].filter((_, index) => ((lacking >> index) & 1) === 0)));
  const subject: Subject = { ...one, records };
  const program = typeof rule === "string" ? "refused" : rule.programFor(subject.request, records);
  return typeof rule === "string" || program === "refused" ? undefined : { rule, program, subject };
}

function termsOf({ term }: RuleProgram): readonly Term[] {
  return term.kind === "||" ? term.terms : [term];
}

test("the nearest row is the nearest of all", () => {
  let joined = 0;
  fc.assert(
    fc.property(someCase, (given) => {
      const compiled = programOf(given);
      if (compiled === undefined) return;
      for (const term of termsOf(compiled.program)) {
        const rows = everyRow(term, compiled.subject);
        const { row, isPartial } = nearestRow(term, compiled.subject);
        if (rows === undefined || isPartial) continue;
        const counts = rows.map((other) => failures(term, other));
        expect(failures(term, row)).toBe(Math.min(...counts));
        if (new Set(counts).size > 1) joined += 1;
      }
    }),
    { numRuns: 4_000 },
  );
  expect(joined).toBeGreaterThan(100);
});

/** Whether a side has the shown value in a row, and that in the row that is named. */
function shows({ get, nodes = [] }: Side, row: Row, shown: OperandValue): boolean {
  if (get(row) !== shown.value) return false;
  if (shown.row === undefined) return true;
  const { collection, id } = shown.row;
  const place = withParents(nodes).findLast((node) => node.collection === collection);
  const cell = place && row.cells?.[place.index];
  return id === null ? cell === null : isRecord(cell) && cell["id"] === id;
}

test("an explanation says what is decided, and shows what is there", () => {
  const seen = { true: 0, false: 0, undecidable: 0, list: 0, row: 0 };
  fc.assert(
    fc.property(someCase, (given) => {
      const compiled = programOf(given);
      if (compiled === undefined) return;
      const { rule, subject } = compiled;
      const decision = rule.decide(subject);
      // one that is always false is told as for guests
      if (decision === "failed" || rule.constant !== undefined) return;
      const deciding = rule.explain(subject);
      seen[String(decision) as "true"] += 1;
      expect(deciding.length === 0).toBe(decision === true);
      if (deciding.some(({ isPartial }) => isPartial)) return;
      const verdicts = deciding.map(({ verdict }) => verdict);
      // of very many alternatives less is known; a look-up may tell that what is not at hand would not do
      const isSmall = comparisonsOf(compiled.program.term).length <= 10;
      if (decision === "undecidable" && isSmall) expect(verdicts).toContain("missing");
      if (decision === false && given.lacking === 0) expect(verdicts).not.toContain("missing");
      for (const one of deciding) {
        const alone = programOf({ ...given, text: one.text });
        const rows = alone && everyRow(alone.program.term, alone.subject);
        const term = alone?.program.term;
        if (rows === undefined || term?.kind !== "comparison" || one.verdict === "missing") continue;
        const { left, right } = one;
        if (Array.isArray(left.value) || Array.isArray(right.value)) {
          seen.list += 1;
          expect(rows.map((row) => term.condition(row))).not.toContain(true);
          continue;
        }
        if (left.row === undefined && right.row === undefined) continue;
        seen.row += 1;
        const lefts = rows.filter((row) => shows(term.left, row, left));
        const rights = rows.filter((row) => shows(term.right, row, right));
        expect([lefts.length, rights.length]).not.toContain(0);
        if (!term.syntax.isAny) {
          // a value of one row may break what holds for a value of another
          const differ = left.value !== right.value;
          if (typeof left.value !== typeof right.value || one.verdict !== "false") continue;
          if (term.syntax.operator === "=") expect(differ).toBe(true);
          if (term.syntax.operator === "!=") expect(differ).toBe(false);
          continue;
        }
        const verdict = one.verdict === "false" ? false : null;
        const both = lefts.filter((row) => rights.includes(row));
        expect(both.map((row) => term.condition(row))).toContain(verdict);
      }
    }),
    { numRuns: 6_000 },
  );
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(100);
});

import type { DecidingComparison, Decision, OperandValue, RuleProgram, Subject } from "@sluice/rules";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { joinNames, ownNames, requestNames, someRule } from "../../../test/rules/random-rule.ts";
import { someRows, someSubject } from "../../../test/rules/random-subject.ts";
import { RowTable } from "../../../test/rules/row-table.ts";
import { tryCompile } from "../../../test/rules/try-compile.ts";
import { withParents } from "./join-node.ts";
import { nearestRow } from "./nearest-row.ts";
import { type Cell, isRecord, type Row } from "./row.ts";
import type { Side } from "./side.ts";
import { comparisonsOf, type Term } from "./term.ts";

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

test("the nearest row is the nearest of all", { timeout: 60_000 }, () => {
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
    { numRuns: 3_000 },
  );
  expect(joined).toBeGreaterThan(50);
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

/** Whether what is shown of a comparison is so; nothing where that cannot be told. */
function isShownRight(one: DecidingComparison, given: Case): boolean | undefined {
  const alone = programOf({ ...given, text: one.text });
  const term = alone?.program.term;
  const rows = alone && everyRow(alone.program.term, alone.subject);
  if (rows === undefined || term?.kind !== "comparison" || one.verdict === "missing") return undefined;
  const { left, right, verdict } = one;
  const isUntold = [term.left.isUntold, term.right.isUntold].includes(true);
  if (isUntold && [left.value, right.value].includes(undefined)) return undefined;
  if (isList(one)) return rows.every((row) => term.condition(row) !== true);
  const lefts = rows.filter((row) => shows(term.left, row, left));
  const rights = rows.filter((row) => shows(term.right, row, right));
  const outcome = verdict === "false" ? false : null;
  if (term.syntax.isAny) return lefts.some((row) => rights.includes(row) && term.condition(row) === outcome);
  // a value of one row may break what holds for that of another
  const isSame = left.value === right.value;
  const { operator } = term.syntax;
  const isPlain = typeof left.value === typeof right.value && verdict === "false";
  const isWrong = isPlain && ((operator === "=" && isSame) || (operator === "!=" && !isSame));
  return lefts.length > 0 && rights.length > 0 && !isWrong;
}

function isList({ left, right }: DecidingComparison): boolean {
  return Array.isArray(left.value) || Array.isArray(right.value);
}

/** Whether a comparison is missing, as far as that is certain. */
function lacksCertainly(term: Term, decision: Decision, { lacking, one }: Case): boolean | undefined {
  // of very many alternatives less is known; a look-up may tell that what is not at hand would not do
  if (decision === "undecidable") return comparisonsOf(term).length <= 10 ? true : undefined;
  return lacking === 0 && one.request.auth === undefined ? false : undefined;
}

test("an explanation says what is decided, and shows what is there", { timeout: 60_000 }, () => {
  const seen = { passed: 0, denied: 0, open: 0, list: 0, row: 0 };
  fc.assert(
    fc.property(someCase, (given) => {
      const compiled = programOf(given);
      // one that is always false is told as for guests
      if (compiled === undefined || compiled.rule.constant !== undefined) return;
      const { rule, program, subject } = compiled;
      const decision = rule.decide(subject);
      if (decision === "failed") return;
      const deciding = rule.explain(subject);
      expect(deciding.length === 0).toBe(decision === true);
      seen[decision === "undecidable" ? "open" : decision ? "passed" : "denied"] += 1;
      if (deciding.some(({ isPartial }) => isPartial)) return;
      const lacks = deciding.some(({ verdict }) => verdict === "missing");
      expect([lacks, undefined]).toContain(lacksCertainly(program.term, decision, given));
      for (const one of deciding) {
        const isRight = isShownRight(one, given);
        expect([one, isRight]).not.toEqual([one, false]);
        if (isRight === true && isList(one)) seen.list += 1;
        if (isRight === true && (one.left.row ?? one.right.row) !== undefined) seen.row += 1;
      }
    }),
    { numRuns: 4_000 },
  );
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(50);
});

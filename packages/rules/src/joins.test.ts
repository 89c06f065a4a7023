import type { RuleProgram, Subject } from "@sluice/rules";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { joinNames, ownNames, requestNames, someRule } from "../../../test/rules/random-rule.ts";
import { someRows, someSubject } from "../../../test/rules/random-subject.ts";
import { RowTable } from "../../../test/rules/row-table.ts";
import { tryCompile } from "../../../test/rules/try-compile.ts";
import type { Cell } from "./row.ts";
import type { Verdict } from "./sql-value.ts";

const identifiers = [...joinNames, ...joinNames, ...ownNames, ...requestNames.slice(0, 10)];

const someJoinRule = someRule({ identifiers, calls: false });

const someKind = fc.constantFrom("rule" as const, "rule" as const, "filter" as const);

/** Most joined rows that are looked at one by one. */
const maxRows = 5_000;

/** What a rule says when every joined row is looked at; nothing where there are too many. */
function decideRowByRow({ scope, term }: RuleProgram, subject: Subject): { verdict: Verdict } | undefined {
  const cells: Cell[] = [];
  const row = { ...subject, cells, found: undefined };
  let left = maxRows;
  const search = (depth: number): Verdict => {
    const node = scope.nodes[depth];
    left -= 1;
    if (left < 0) return undefined;
    if (node === undefined) return term.condition(row);
    let isOpen = false;
    for (const cell of node.cellsOf(row, node.origin(row))) {
      cells[node.index] = cell;
      const verdict = search(depth + 1);
      if (verdict === true) return true;
      if (verdict === undefined) isOpen = true;
    }
    return isOpen ? undefined : false;
  };
  const verdict = search(0);
  return left < 0 ? undefined : { verdict };
}

test("a rule over joined rows is decided as if every joined row were looked at", () => {
  let passed = 0;
  fc.assert(
    fc.property(
      someJoinRule,
      someKind,
      someRows,
      fc.array(someSubject, { minLength: 5, maxLength: 5 }),
      (text, kind, rows, subjects) => {
        const rule = tryCompile(text, kind);
        if (typeof rule === "string") return;
        const records = new RowTable(rows);
        for (const one of subjects) {
          const subject = { ...one, records };
          const program = rule.programFor(subject.request, records);
          if (program === "refused") continue;
          const expected = decideRowByRow(program, subject);
          const decision = rule.decide(subject);
          if (expected === undefined || decision === "failed") continue;
          expect(decision === true).toBe(expected.verdict === true);
          if (decision === true && program.scope.nodes.length > 0) passed += 1;
        }
      },
    ),
    { numRuns: 1_000 },
  );
  expect(passed).toBeGreaterThan(300);
});

test("P6: what is decided without some collection is decided alike with whatever it holds", () => {
  const decisions = { open: 0, certain: 0 };
  fc.assert(
    fc.property(someJoinRule, someRows, someSubject, fc.nat(63), (text, rows, one, lacking) => {
      const rule = tryCompile(text);
      if (typeof rule === "string") return;
      // where the auth collection is not at hand, it is the token that counts
      const own = one.request.auth?.["collectionId"];
      const known = [...rows].filter(([id], index) => id === own || ((lacking >> index) & 1) === 0);
      const decision = rule.decide({ ...one, records: new RowTable(new Map(known)) });
      const all = rule.decide({ ...one, records: new RowTable(rows) });
      if (decision === "failed" || all === "failed") return;
      decisions[decision === "undecidable" ? "open" : "certain"] += 1;
      expect([all, "undecidable"]).toContain(decision);
    }),
    { numRuns: 3_000 },
  );
  expect(Math.min(decisions.open, decisions.certain)).toBeGreaterThan(300);
});

import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { outcomeOf, readVectors, type Vector } from "../../../test/vectors/vector.ts";

const folder = fileURLToPath(new URL("../../../test/vectors/", import.meta.url));

/** What the engine has the data for: everything else may be undecidable, and nothing else. */
const decidable: ReadonlySet<string> = new Set(["record", "request", "static-error"]);

function mustDecide({ needs = [] }: Vector): boolean {
  return needs.every((need) => decidable.has(need));
}

describe.each(["rules.jsonl", "rules-random.jsonl"])("%s", (file) => {
  const vectors = readVectors(folder + file);

  test("every rule over the record and the request is decided as SQLite decides it", () => {
    const wrong = vectors
      .filter(mustDecide)
      .map((vector) => ({
        id: vector.id,
        rule: vector.rule,
        expected: vector.expect,
        got: outcomeOf(vector),
      }))
      .filter(({ expected, got }) => expected !== got);
    expect(wrong).toEqual([]);
    expect(vectors.filter(mustDecide).length).toBeGreaterThan(400);
  });

  test("every other rule is decided as SQLite decides it, or not at all", () => {
    const others = vectors.filter((vector) => !mustDecide(vector));
    const wrong = others.filter((vector) => !["undecidable", vector.expect].includes(outcomeOf(vector)));
    expect(wrong.map(({ id }) => id)).toEqual([]);
    expect(others.length).toBeGreaterThan(90);
  });
});

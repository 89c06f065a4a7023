import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { outcomeOf, readVectors } from "../../../test/vectors/vector.ts";

const folder = fileURLToPath(new URL("../../../test/vectors/", import.meta.url));

describe.each([
  ["rules.jsonl", 506],
  ["rules-random.jsonl", 2_500],
])("%s", (file, count) => {
  test("every rule is decided as SQLite decides it", () => {
    const vectors = readVectors(folder + file);
    const wrong = vectors
      .map((vector) => ({
        id: vector.id,
        rule: vector.rule,
        expected: vector.expect,
        got: outcomeOf(vector),
      }))
      .filter(({ expected, got }) => expected !== got);
    expect(wrong).toEqual([]);
    expect(vectors.length).toBe(count);
  });
});

import { fileURLToPath } from "node:url";
import { readVectors, type Vector } from "../vectors/vector.ts";

/** All vectors, from both files. */
export const vectors: readonly Vector[] = ["rules.jsonl", "rules-random.jsonl"].flatMap((file) =>
  readVectors(fileURLToPath(new URL(`../vectors/${file}`, import.meta.url))),
);

/** Their rules, each once. */
export const vectorRules: readonly string[] = [...new Set(vectors.flatMap(({ rule }) => rule ?? []))];

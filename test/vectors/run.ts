import { existsSync } from "node:fs";
import { outcomeOf, readVectors } from "./vector.ts";

const help = `Evaluates vectors: rules with the outcome that SQLite decided.

  npm run vectors -- test/vectors/rules.jsonl test/vectors/rules-random.jsonl

Prints each failing id, and counts. Undecidable is what takes data that the engine does not have.
`;

const files = process.argv.slice(2);
const missing = files.filter((file) => !existsSync(file));
if (files.length === 0 || missing.length > 0 || files.includes("--help")) {
  for (const file of missing) if (file !== "--help") process.stderr.write(`expected a file, got ${file}\n`);
  process.stdout.write(help);
  process.exit(files.includes("--help") ? 0 : 2);
}

const counts = { passed: 0, failed: 0, undecidable: 0 };
for (const vector of files.flatMap(readVectors)) {
  const outcome = outcomeOf(vector);
  if (outcome === "undecidable") counts.undecidable += 1;
  else if (outcome === vector.expect) counts.passed += 1;
  else {
    counts.failed += 1;
    process.stdout.write(`${vector.id}: expected ${vector.expect}, got ${outcome}: ${vector.rule}\n`);
  }
}
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.undecidable} undecidable\n`);
process.exitCode = counts.failed === 0 ? 0 : 1;

import { clientKinds, type ClientKind } from "./client-plan.ts";
import type { ChaosOutcome } from "./chaos-run.ts";
import { timeText } from "./handing.ts";
import { addTally, emptyTally, faultyCounts, type Tally } from "./tally.ts";

/** The columns of the table, and which counts are in each. */
const columns: readonly (readonly [name: string, count: keyof Tally])[] = [
  ["clients", "clients"],
  ["streams", "streams"],
  ["expected", "expected"],
  ["received", "received"],
  ["excused", "excused"],
  ["LOST", "lost"],
  ["repeated", "repeated"],
  ["of others", "repeatedOfOthers"],
  ["WRONGLY", "repeatedWrongly"],
  ["DISORDER", "outOfOrder"],
  ["granted", "granted"],
  ["refused", "refused"],
  ["FALSE REF", "falselyRefused"],
  ["FALSE GRANT", "falselyGranted"],
  ["UNTOLD", "untold"],
  ["LEAKED", "leaked"],
  ["conflated", "conflated"],
  ["revived", "revived"],
  ["ABSENT", "absent"],
];

/** Counts by kind of client. */
export type Tallies = Readonly<Record<ClientKind, Tally>>;

export function talliesOf({ clients, verdicts }: ChaosOutcome): Tallies {
  const tallies = emptyTallies();
  for (const { number, kind } of clients) {
    const verdict = verdicts[number];
    if (verdict !== undefined) addTally(tallies[kind], verdict.tally);
  }
  return tallies;
}

export function emptyTallies(): Tallies {
  return { native: emptyTally(), stock: emptyTally(), resume: emptyTally() };
}

/** Whether everything that must be 0 is. */
export function isFaultless(tallies: Tallies): boolean {
  return clientKinds.every((kind) => faultyCounts.every((count) => tallies[kind][count] === 0));
}

/** A table for people, a line for each kind; what stands in capitals must be 0. */
export function tableOf(tallies: Tallies): string {
  const rows = [
    ["", ...columns.map(([name]) => name)],
    ...clientKinds.map((kind) => rowOf(kind, tallies[kind])),
  ];
  const widths = (rows[0] ?? []).map((_cell, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) => row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join("  "))
    .join("\n");
}

function rowOf(kind: ClientKind, tally: Tally): readonly string[] {
  return [kind, ...columns.map(([, count]) => String(tally[count]))];
}

/** The first offences of each sort, each with what was done to the system around it. */
export function offendersOf({ clients, verdicts, journal }: ChaosOutcome, perSort = 3): string {
  const offences = verdicts
    .flatMap((verdict) => verdict.offences)
    .toSorted((one, other) => one.atMs - other.atMs);
  const lines: string[] = [];
  for (const what of faultyCounts) {
    for (const { client, atMs, text } of offences
      .filter((offence) => offence.what === what)
      .slice(0, perSort)) {
      const plan = clients[client];
      lines.push(`${what}: client ${client} (${plan?.kind}, ${plan?.viewer}) at ${timeText(atMs)}: ${text}`);
      const near = journal.lines.filter((line) => line.atMs > atMs - 4_000 && line.atMs < atMs + 2_000);
      lines.push(...near.map((line) => `    ${timeText(line.atMs)} ${line.text}`));
    }
  }
  return lines.join("\n");
}

/** What a bench found out: a number, beside its baseline of the same run. */
export interface Measurement {
  readonly figure: string;
  readonly seen: number;
  readonly unit: string;
  /** What it is compared with, in the same unit. */
  readonly baseline?: { readonly of: string; readonly seen: number };
  /** The bar: over what was seen, or over its ratio to the baseline. */
  readonly wanted?: { readonly of: "seen" | "ratio"; readonly most: number };
}

/** One measurement with its ratio, and whether it holds its bar; one line of JSON each. */
export interface Figure {
  readonly figure: string;
  readonly seen: number;
  readonly unit: string;
  readonly baseline?: number;
  readonly baselineOf?: string;
  readonly ratio?: number;
  readonly wanted?: string;
  readonly holds?: boolean;
}

/** Rounds to three digits, and compares with the baseline and the bar. */
export function judge({ figure, seen, unit, baseline, wanted }: Measurement): Figure {
  const ratio = baseline === undefined ? undefined : seen / baseline.seen;
  const judged = wanted?.of === "ratio" ? (ratio ?? Number.NaN) : seen;
  return {
    figure,
    seen: rounded(seen),
    unit,
    ...(baseline === undefined ? {} : { baseline: rounded(baseline.seen), baselineOf: baseline.of }),
    ...(ratio === undefined ? {} : { ratio: rounded(ratio) }),
    ...(wanted === undefined
      ? {}
      : { wanted: `${wanted.of} ≤ ${wanted.most}`, holds: judged <= wanted.most }),
  };
}

/** The value in the middle of a share of all, such as 0.99. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Writes one line of JSON. */
export function printFigure(figure: Figure): void {
  process.stdout.write(`${JSON.stringify(figure)}\n`);
}

/** All figures as a table for people. */
export function describeFigures(figures: readonly Figure[]): string {
  const rows = figures.map(({ figure, seen, unit, baseline, baselineOf, ratio, wanted, holds }) => [
    figure,
    `${seen} ${unit}`,
    baseline === undefined ? "" : `${baseline} ${baselineOf ?? ""}`,
    ratio === undefined ? "" : String(ratio),
    wanted ?? "",
    holds === undefined ? "" : holds ? "yes" : "NO",
  ]);
  const head = ["figure", "seen", "baseline", "ratio", "wanted", "holds"];
  const widths = head.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |\n`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("");
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

/** A gateway's metrics as it serves them, by name with labels, such as `sluice_events_total{door="log"}`. */
export async function readMetrics(base: string): Promise<ReadonlyMap<string, number>> {
  const text = await scrape(base);
  return new Map(samplesIn(text).map(({ series, value }) => [series, value]));
}

/** A gateway's metrics as it serves them. */
export async function scrape(base: string): Promise<string> {
  return (await fetch(`${base}/metrics`)).text();
}

/** One metric, with all its samples. */
export interface MetricFamily {
  readonly name: string;
  readonly type: string;
  /** By name, such as that of a histogram's buckets: the labels of each. */
  readonly samples: ReadonlyMap<string, readonly Readonly<Record<string, string>>[]>;
}

/** Reads the families of a scrape in Prometheus's text format. */
export function familiesIn(text: string): readonly MetricFamily[] {
  const samples = samplesIn(text);
  return Array.from(text.matchAll(/^# TYPE (\S+) (\S+)$/gm), ([, name = "", type = ""]) => {
    const own = samples.filter((sample) =>
      type === "histogram" ? sample.name.replace(/_(bucket|sum|count)$/, "") === name : sample.name === name,
    );
    return {
      name,
      type,
      samples: new Map(
        own.map(({ name: of }) => [
          of,
          own.filter((sample) => sample.name === of).map(({ labels }) => labels),
        ]),
      ),
    };
  });
}

function samplesIn(text: string) {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.map((line) => {
    const at = line.lastIndexOf(" ");
    const series = line.slice(0, at);
    const pairs = Array.from(series.matchAll(/(\w+)="([^"]*)"/g), ([, key = "", value = ""]) => [key, value]);
    const labels: Readonly<Record<string, string>> = Object.fromEntries(pairs);
    return {
      series,
      name: series.split("{")[0] ?? "",
      labels,
      value: Number(line.slice(at + 1).replace("+Inf", "Infinity")),
    };
  });
}

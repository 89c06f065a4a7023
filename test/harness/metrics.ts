/** A gateway's metrics as it serves them, by name with labels, such as `sluice_events_total{door="log"}`. */
export async function readMetrics(base: string): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`${base}/metrics`);
  const lines = (await response.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(" ");
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

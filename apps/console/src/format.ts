const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat("en", { timeStyle: "medium", hourCycle: "h23" });

/** A count or a rate: `7`, `0.4`, `12.5K`. */
export function formatCount(value: number): string {
  return compact.format(value);
}

/** A count in full: `12,345`. */
export function formatInteger(value: number): string {
  return value.toLocaleString("en");
}

/** A size: `820 B`, `12.5 MB`. */
export function formatBytes(bytes: number): string {
  const power = Math.min(4, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${formatCount(bytes / 1000 ** power)} ${["B", "kB", "MB", "GB", "TB"][power] ?? ""}`;
}

/** A short time: `0.4 ms`, `1.2 s`. */
export function formatMs(ms: number): string {
  return ms < 1000 ? `${formatCount(ms)} ms` : `${formatCount(ms / 1000)} s`;
}

/** How long ago, in the largest unit: `12 s`, `3 min`, `2 h`, `5 d`. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

/** A time of day: `14:03:59`. */
export function formatClock(at: number): string {
  return clock.format(at);
}

/** A number with its noun: `1 node`, `3 nodes`. */
export function formatNumber(count: number, noun: string): string {
  return `${formatInteger(count)} ${noun}${count === 1 ? "" : "s"}`;
}

import type { SqlValue } from "./sql-value.ts";

type Macro = (nowMs: number) => SqlValue;

const dayMs = 86_400_000;

/** Date macros, as text in PocketBase's form; integer macros. All in UTC, from one clock reading per evaluation. */
export const macros: ReadonlyMap<string, Macro> = new Map<string, Macro>([
  ["@now", dateText],
  ["@yesterday", (nowMs) => dateText(nowMs - dayMs)],
  ["@tomorrow", (nowMs) => dateText(nowMs + dayMs)],
  ["@todayStart", (nowMs) => dateText(dayStart(nowMs))],
  ["@todayEnd", (nowMs) => dateText(dayStart(nowMs) + dayMs - 1)],
  ["@monthStart", (nowMs) => dateText(monthStart(nowMs, 0))],
  ["@monthEnd", (nowMs) => dateText(monthStart(nowMs, 1) - 1)],
  ["@yearStart", (nowMs) => dateText(Date.UTC(year(nowMs), 0))],
  ["@yearEnd", (nowMs) => dateText(Date.UTC(year(nowMs) + 1, 0) - 1)],
  ["@second", (nowMs) => new Date(nowMs).getUTCSeconds()],
  ["@minute", (nowMs) => new Date(nowMs).getUTCMinutes()],
  ["@hour", (nowMs) => new Date(nowMs).getUTCHours()],
  ["@day", (nowMs) => new Date(nowMs).getUTCDate()],
  ["@weekday", (nowMs) => new Date(nowMs).getUTCDay()],
  ["@month", (nowMs) => new Date(nowMs).getUTCMonth() + 1],
  ["@year", year],
]);

function dateText(ms: number): string {
  return new Date(ms).toISOString().replace("T", " ");
}

function year(ms: number): number {
  return new Date(ms).getUTCFullYear();
}

function dayStart(ms: number): number {
  return Math.floor(ms / dayMs) * dayMs;
}

function monthStart(ms: number, later: number): number {
  const date = new Date(ms);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + later);
}

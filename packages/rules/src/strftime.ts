import type { SqlValue } from "./sql-value.ts";

const dayMs = 86_400_000;
const julianEpochMs = 210_866_760_000_000;

/** Unix milliseconds that SQLite can hold: years 0000 to 9999. */
const [minMs, maxMs] = [-62_167_219_200_000, 253_402_300_799_999];

/**
 * SQLite's `strftime(format, time, modifier…)` in UTC; without a time, the time now.
 * @returns null for an unknown substitution, time or modifier
 * @see https://sqlite.org/lang_datefunc.html
 */
export function strftime(format: SqlValue, args: readonly SqlValue[], nowMs: number): string | null {
  if (typeof format !== "string") return null;
  const ms = args.length === 0 ? nowMs : moment(args, nowMs);
  return ms === undefined || ms < minMs || ms > maxMs ? null : substitute(format, Math.round(ms));
}

function moment([time = null, ...modifiers]: readonly SqlValue[], nowMs: number): number | undefined {
  let first = parseTime(time, nowMs);
  const [lead] = modifiers;
  const raw = typeof time === "number" ? time : undefined;
  let rest = modifiers;
  if (typeof lead === "string" && /^(unixepoch|julianday|auto)$/i.test(lead)) {
    if (raw === undefined) return undefined;
    first = numericTime(raw, lead.toLowerCase());
    rest = modifiers.slice(1);
  }
  let ms = first;
  for (const modifier of rest) {
    if (ms === undefined || typeof modifier !== "string") return undefined;
    ms = modify(ms, modifier.trim().toLowerCase());
  }
  return ms;
}

function numericTime(value: number, kind: string): number | undefined {
  if (kind === "unixepoch") return value * 1000;
  if (kind === "julianday" || (value >= 0 && value < 5_373_484.5)) return fromJulian(value);
  return kind === "auto" ? value * 1000 : undefined;
}

function fromJulian(days: number): number | undefined {
  return days >= 0 && days < 5_373_484.5 ? days * dayMs - julianEpochMs : undefined;
}

const timePattern =
  /^(?:(-?\d{4})-(\d\d)-(\d\d)(?:[ T]+(?=\d)|$))?(?:(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)? *(Z|[+-]\d\d:\d\d)?)?$/i;

function parseTime(time: SqlValue, nowMs: number): number | undefined {
  if (typeof time === "number") return fromJulian(time);
  if (time === null || time === "") return undefined;
  if (time.toLowerCase() === "now") return nowMs;
  const match = timePattern.exec(time.trimEnd());
  if (match === null) return /^\s*[+-]?\d+(\.\d*)?\s*$/.test(time) ? fromJulian(Number(time)) : undefined;
  const [, year, month = "01", day = "01", hour = "0", minute = "0", second = "0", fraction = "0", zone] =
    match;
  if (year === undefined && match[4] === undefined) return undefined;
  const [m, d, h] = [Number(month), Number(day), Number(hour)];
  const [min, s] = [Number(minute), Number(second)];
  if (m < 1 || m > 12 || d < 1 || d > 31 || h > 24 || min > 59 || s > 59) return undefined;
  const date = utc(Number(year ?? "2000"), m - 1, d);
  return date + ((h * 60 + min) * 60 + s) * 1000 + Number(fraction) * 1000 - offsetMs(zone);
}

/** `Date.UTC` reads years below 100 as 19xx. */
function utc(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month, day);
}

function offsetMs(zone = "Z"): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(zone) ?? [];
  return (sign === "-" ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
}

function modify(ms: number, modifier: string): number | undefined {
  const date = new Date(ms);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  switch (modifier) {
    case "start of day":
      return Math.floor(ms / dayMs) * dayMs;
    case "start of month":
      return utc(year, month, 1);
    case "start of year":
      return utc(year, 0, 1);
    case "utc":
    case "localtime":
    case "subsec":
    case "subsecond":
    case "ceiling":
    case "floor":
      return ms;
    default:
      return weekday(ms, modifier) ?? shift(ms, modifier) ?? shiftClock(ms, modifier);
  }
}

function weekday(ms: number, modifier: string): number | undefined {
  const wanted = /^weekday ([0-6])(?:\.0*)?$/.exec(modifier)?.[1];
  if (wanted === undefined) return undefined;
  return ms + ((Number(wanted) - new Date(ms).getUTCDay() + 7) % 7) * dayMs;
}

const unitMs: Readonly<Record<string, number>> = {
  day: dayMs,
  hour: 3_600_000,
  minute: 60_000,
  second: 1000,
};

function shift(ms: number, modifier: string): number | undefined {
  const [, amount, unit = ""] =
    /^([+-]?\d+(?:\.\d*)?) +(day|hour|minute|second|month|year)s?$/.exec(modifier) ?? [];
  if (amount === undefined) return undefined;
  const size = unitMs[unit];
  if (size !== undefined) return ms + Number(amount) * size;
  const whole = Math.trunc(Number(amount));
  const part = (Number(amount) - whole) * (unit === "month" ? 30 : 365) * dayMs;
  return shiftMonths(ms, unit === "month" ? whole : whole * 12) + part;
}

/** A day that the month does not have normalises into the next. */
function shiftMonths(ms: number, months: number): number {
  const date = new Date(ms);
  return date.setUTCMonth(date.getUTCMonth() + months);
}

function shiftClock(ms: number, modifier: string): number | undefined {
  const clock = /^([+-]?)(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?$/.exec(modifier);
  if (clock !== null) {
    const [, sign, hours, minutes, seconds = "0", fraction = "0"] = clock;
    const amount = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds) + Number(fraction)) * 1000;
    return ms + (sign === "-" ? -amount : amount);
  }
  const [, sign, years, months, days, hours = "0", minutes = "0"] =
    /^([+-])(\d{4})-(\d\d)-(\d\d)(?: (\d\d):(\d\d)(?::\d\d(?:\.\d+)?)?)?$/.exec(modifier) ?? [];
  if (sign === undefined) return undefined;
  const factor = sign === "-" ? -1 : 1;
  const later = shiftMonths(ms, factor * (Number(years) * 12 + Number(months)));
  return later + factor * (Number(days) * dayMs + (Number(hours) * 60 + Number(minutes)) * 60_000);
}

function substitute(format: string, ms: number): string | null {
  let text = "";
  for (let at = 0; at < format.length; at++) {
    if (format.charAt(at) !== "%") {
      text += format.charAt(at);
      continue;
    }
    at += 1;
    const part = substitutions[format.charAt(at)]?.(new Date(ms));
    if (part === undefined) return null;
    text += part;
  }
  return text;
}

const pad = (value: number, width = 2, filler = "0"): string => String(value).padStart(width, filler);
const isoDate = (date: Date): string => date.toISOString().slice(0, 10);
const hour12 = (date: Date): number => date.getUTCHours() % 12 || 12;
const dayOfYear = (date: Date): number =>
  Math.floor((date.getTime() - utc(date.getUTCFullYear(), 0, 1)) / dayMs);
const mondayDay = (date: Date): number => (date.getUTCDay() + 6) % 7;

/** The Thursday of a date's week, which decides its ISO year. */
function isoThursday(date: Date): Date {
  return new Date(date.getTime() + (3 - mondayDay(date)) * dayMs);
}

const substitutions: Readonly<Record<string, (date: Date) => string>> = {
  d: (date) => pad(date.getUTCDate()),
  e: (date) => pad(date.getUTCDate(), 2, " "),
  f: (date) => `${pad(date.getUTCSeconds())}.${pad(date.getUTCMilliseconds(), 3)}`,
  F: isoDate,
  G: (date) => pad(isoThursday(date).getUTCFullYear(), 4),
  g: (date) => pad(isoThursday(date).getUTCFullYear() % 100),
  H: (date) => pad(date.getUTCHours()),
  I: (date) => pad(hour12(date)),
  j: (date) => pad(dayOfYear(date) + 1, 3),
  J: (date) => String((date.getTime() + julianEpochMs) / dayMs),
  k: (date) => pad(date.getUTCHours(), 2, " "),
  l: (date) => pad(hour12(date), 2, " "),
  m: (date) => pad(date.getUTCMonth() + 1),
  M: (date) => pad(date.getUTCMinutes()),
  p: (date) => (date.getUTCHours() < 12 ? "AM" : "PM"),
  P: (date) => (date.getUTCHours() < 12 ? "am" : "pm"),
  R: (date) => date.toISOString().slice(11, 16),
  s: (date) => String(Math.floor(date.getTime() / 1000)),
  S: (date) => pad(date.getUTCSeconds()),
  T: (date) => date.toISOString().slice(11, 19),
  u: (date) => String(mondayDay(date) + 1),
  U: (date) => pad(Math.floor((dayOfYear(date) + 7 - date.getUTCDay()) / 7)),
  V: (date) => pad(Math.floor(dayOfYear(isoThursday(date)) / 7) + 1),
  w: (date) => String(date.getUTCDay()),
  W: (date) => pad(Math.floor((dayOfYear(date) + 7 - mondayDay(date)) / 7)),
  Y: (date) => pad(date.getUTCFullYear(), 4),
  "%": () => "%",
};

import { modify } from "./moment-modifier.ts";
import { parseMoment } from "./moment-text.ts";
import { dayMs, Moment, unixEpochMs, weekdayOf } from "./moment.ts";
import type { SqlValue } from "./sql-value.ts";
import { work } from "./work.ts";

/**
 * SQLite's `strftime(format, time, modifier…)` in UTC; without a time, the time now.
 * @returns null for an unknown substitution, time or modifier
 * @throws {EvaluationError} where it would take too long
 * @see https://sqlite.org/lang_datefunc.html
 */
export function strftime(format: SqlValue, args: readonly SqlValue[], nowMs: number): string | null {
  if (typeof format !== "string") return null;
  work(40 + 5 * format.length + 40 * args.length);
  const moment = momentOf(args, nowMs);
  return moment?.isInRange === true ? substitute(format, moment) : null;
}

function momentOf(args: readonly SqlValue[], nowMs: number): Moment | undefined {
  const [time = null, ...modifiers] = args;
  const moment = args.length === 0 ? Moment.ofUnixMs(nowMs) : parseMoment(time, nowMs);
  if (moment === undefined) return undefined;
  for (const [index, modifier] of modifiers.entries()) {
    if (typeof modifier !== "string" || !modify(moment, modifier, index === 0)) return undefined;
  }
  if (modifiers.length === 0) moment.normalizeDate();
  return moment;
}

function substitute(format: string, moment: Moment): string | null {
  let text = "";
  for (let at = 0; at < format.length; at++) {
    if (format.charAt(at) !== "%") {
      text += format.charAt(at);
      continue;
    }
    at += 1;
    const part = substitutions[format.charAt(at)]?.(moment);
    if (part === undefined) return null;
    text += part;
  }
  return text;
}

/** As C's printf pads: the sign counts. */
function pad(value: number, width = 2, filler = "0"): string {
  const digits = String(Math.abs(value));
  return value < 0 ? `-${digits.padStart(width - 1, filler)}` : digits.padStart(width, filler);
}

const isoDate = (moment: Moment): string => {
  const { year, month, day } = moment.date();
  return `${pad(year, 4)}-${pad(month)}-${pad(day)}`;
};
const hour12 = (moment: Moment): number => moment.clock().hour % 12 || 12;
const isAfternoon = (moment: Moment): boolean => moment.clock().hour >= 12;
const wholeSecond = (moment: Moment): number => Math.trunc(moment.clock().second);
const dayOfYear = (moment: Moment): number =>
  Math.floor((moment.julianMs() - moment.yearStartMs() + dayMs / 2) / dayMs);
const sundayDay = (moment: Moment): number => weekdayOf(moment.julianMs());
const mondayDay = (moment: Moment): number => (sundayDay(moment) + 6) % 7;

/** The Thursday of a date's week, which decides its ISO year. */
function isoThursday(moment: Moment): Moment {
  return Moment.ofUnixMs(moment.julianMs() - unixEpochMs + (3 - mondayDay(moment)) * dayMs);
}

const substitutions: Readonly<Record<string, (moment: Moment) => string>> = {
  d: (moment) => pad(moment.date().day),
  e: (moment) => pad(moment.date().day, 2, " "),
  f: (moment) => moment.clock().second.toFixed(3).padStart(6, "0"),
  F: isoDate,
  G: (moment) => pad(isoThursday(moment).date().year, 4),
  g: (moment) => pad(isoThursday(moment).date().year % 100),
  H: (moment) => pad(moment.clock().hour),
  I: (moment) => pad(hour12(moment)),
  j: (moment) => pad(dayOfYear(moment) + 1, 3),
  J: (moment) => String(Number((moment.julianMs() / dayMs).toPrecision(16))),
  k: (moment) => pad(moment.clock().hour, 2, " "),
  l: (moment) => pad(hour12(moment), 2, " "),
  m: (moment) => pad(moment.date().month),
  M: (moment) => pad(moment.clock().minute),
  p: (moment) => (isAfternoon(moment) ? "PM" : "AM"),
  P: (moment) => (isAfternoon(moment) ? "pm" : "am"),
  R: (moment) => `${pad(moment.clock().hour)}:${pad(moment.clock().minute)}`,
  s: unixTime,
  S: (moment) => pad(wholeSecond(moment)),
  T: (moment) => `${pad(moment.clock().hour)}:${pad(moment.clock().minute)}:${pad(wholeSecond(moment))}`,
  u: (moment) => String(mondayDay(moment) + 1),
  U: (moment) => pad(Math.floor((dayOfYear(moment) + 7 - sundayDay(moment)) / 7)),
  V: (moment) => pad(Math.floor(dayOfYear(isoThursday(moment)) / 7) + 1),
  w: (moment) => String(sundayDay(moment)),
  W: (moment) => pad(Math.floor((dayOfYear(moment) + 7 - mondayDay(moment)) / 7)),
  Y: (moment) => pad(moment.date().year, 4),
  "%": () => "%",
};

function unixTime(moment: Moment): string {
  const seconds = (moment.julianMs() - unixEpochMs) / 1000;
  return moment.showsFraction ? seconds.toFixed(3) : String(Math.floor(seconds));
}

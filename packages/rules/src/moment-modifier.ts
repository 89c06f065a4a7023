import { parseClock } from "./moment-text.ts";
import { clockMs, dayMs, type Moment } from "./moment.ts";
import { lowerAscii, toNumeric } from "./sql-value.ts";

/**
 * Changes a moment as a modifier says.
 * @param isFirst whether it stands right behind the time
 * @returns false for an unknown modifier, or one that does not fit
 */
export function modify(moment: Moment, modifier: string, isFirst: boolean): boolean {
  const name = lowerAscii(modifier);
  switch (name) {
    case "auto":
      if (isFirst) moment.asEither();
      return isFirst;
    case "julianday":
      return isFirst && moment.asJulianDay();
    case "unixepoch":
      return isFirst && moment.asUnixTime();
    case "floor":
      moment.floor();
      return true;
    case "ceiling":
      moment.ceiling();
      return true;
    case "localtime":
    case "utc":
      moment.settle();
      return true;
    case "subsec":
    case "subsecond":
      moment.showsFraction = true;
      return true;
    case "start of day":
      return moment.startOf("day");
    case "start of month":
      return moment.startOf("month");
    case "start of year":
      return moment.startOf("year");
    default:
      return name.startsWith("weekday ") ? toWeekday(moment, name.slice(8)) : shift(moment, name);
  }
}

function toWeekday(moment: Moment, text: string): boolean {
  const weekday = toNumeric(text);
  if (typeof weekday !== "number" || !Number.isInteger(weekday) || weekday < 0 || weekday > 6) return false;
  moment.toWeekday(weekday);
  return true;
}

function shift(moment: Moment, modifier: string): boolean {
  return shiftByUnits(moment, modifier) || shiftByClock(moment, modifier) || shiftByDate(moment, modifier);
}

const units: Readonly<Record<string, { readonly seconds: number; readonly limit: number }>> = {
  second: { seconds: 1, limit: 4.6427e14 },
  minute: { seconds: 60, limit: 7.7379e12 },
  hour: { seconds: 3600, limit: 1.2897e11 },
  day: { seconds: 86_400, limit: 5_373_485 },
  month: { seconds: 2_592_000, limit: 176_546 },
  year: { seconds: 31_536_000, limit: 14_713 },
};

const shiftPattern = /^([+\-\d][^: \t\n\v\f\r]*)[ \t\n\v\f\r]+(second|minute|hour|day|month|year)s?$/;

/** `±N.N unit`; of months and years, what is behind the point is 30 or 365 days. */
function shiftByUnits(moment: Moment, modifier: string): boolean {
  const [, amount = "", name = ""] = shiftPattern.exec(modifier) ?? [];
  const [count, unit] = [toNumeric(amount), units[name]];
  if (typeof count !== "number" || unit === undefined || Math.abs(count) >= unit.limit) return false;
  moment.julianMs();
  const months = name === "month" ? 1 : name === "year" ? 12 : 0;
  const whole = months === 0 ? 0 : Math.trunc(count);
  if (months === 0) moment.ceiling();
  else moment.addMonths(whole * months);
  moment.add(Math.trunc((count - whole) * 1000 * unit.seconds + (count < 0 ? -0.5 : 0.5)));
  return true;
}

/** `±HH:MM:SS.SSS` */
function shiftByClock(moment: Moment, modifier: string): boolean {
  const time = parseClock(modifier.replace(/^[+-]/, ""));
  if (time === undefined) return false;
  const ms = clockMs(time.clock) - time.zoneMinutes * 60_000;
  const amount = ((ms % dayMs) + dayMs) % dayMs;
  moment.add(modifier.startsWith("-") ? -amount : amount);
  return true;
}

const dateShiftPattern = /^([+-])(\d{4,5})-(\d\d)-(\d\d)(?:[ \t\n\v\f\r]([^]+))?$/;

/** `±YYYY-MM-DD HH:MM:SS.SSS` */
function shiftByDate(moment: Moment, modifier: string): boolean {
  const [, sign, years, months, days, clock] = dateShiftPattern.exec(modifier) ?? [];
  if (sign === undefined || Number(years) > 14_712 || Number(months) > 11 || Number(days) > 30) return false;
  const factor = sign === "-" ? -1 : 1;
  moment.addMonths(factor * (Number(years) * 12 + Number(months)));
  moment.add(factor * Number(days) * dayMs);
  return clock === undefined || shiftByClock(moment, sign + clock);
}

import { type Clock, Moment } from "./moment.ts";
import { type SqlValue, toNumeric } from "./sql-value.ts";

/**
 * Reads a time value: `YYYY-MM-DD`, `HH:MM` or both, `now`, or a number.
 * @returns nothing for anything else
 */
export function parseMoment(value: SqlValue, nowMs: number): Moment | undefined {
  const number = toNumeric(value);
  if (typeof number === "number") return Moment.ofNumber(number);
  if (number === null) return undefined;
  if (/^(?:now|subsec|subsecond)$/i.test(number)) return parseNow(number, nowMs);
  return parseDate(number) ?? parseTimeOnly(number);
}

function parseNow(text: string, nowMs: number): Moment {
  const moment = Moment.ofUnixMs(nowMs);
  moment.showsFraction = /^subsec/i.test(text);
  return moment;
}

const datePattern = /^(-?\d{4})-(\d\d)-(\d\d)[ \t\n\v\f\rT]*([^]*)$/;

function parseDate(text: string): Moment | undefined {
  const [, year = "", ...rest] = datePattern.exec(text) ?? [];
  const [month, day] = [Number(rest[0]), Number(rest[1])];
  const isDate = month >= 1 && month <= 12 && day >= 1 && day <= 31;
  if (!isDate) return undefined;
  const date = { year: Number(year), month, day };
  if (rest[2] === "") return Moment.ofText(date, undefined);
  const time = parseClock(rest[2] ?? "");
  return time && Moment.ofText(date, time);
}

function parseTimeOnly(text: string): Moment | undefined {
  const time = parseClock(text);
  return time && Moment.ofText(undefined, time);
}

/** A time of day, and how far its zone is ahead of UTC. */
export interface ZonedClock {
  readonly clock: Clock;
  readonly zoneMinutes: number;
}

const clockPattern =
  /^(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(?:[ \t\n\v\f\r]*(?:[Zz]|([+-])(\d\d):(\d\d)))?[ \t\n\v\f\r]*$/;

/** Reads `HH:MM:SS.SSS±HH:MM`; seconds and zone may be missing. */
export function parseClock(text: string): ZonedClock | undefined {
  const match = clockPattern.exec(text);
  if (match === null) return undefined;
  const [, hours, minutes, seconds = 0, fraction = 0, sign, zoneHour = 0, zoneMinute = 0] = match;
  const [hour, minute, second] = [Number(hours), Number(minutes), Number(seconds)];
  if (hour > 24 || minute > 59 || second > 59) return undefined;
  if (Number(zoneHour) > 14 || Number(zoneMinute) > 59) return undefined;
  const offset = Number(zoneHour) * 60 + Number(zoneMinute);
  return {
    clock: { hour, minute, second: second + Math.min(Number(fraction), 0.999) },
    zoneMinutes: sign === "-" ? -offset : offset,
  };
}

export const dayMs = 86_400_000;
const halfDayMs = dayMs / 2;

/** Where Unix time begins, in milliseconds of the Julian day number: those begin at noon. */
export const unixEpochMs = 210_866_760_000_000;

/** The end of the year 9999. */
const maxJulianMs = 464_269_060_799_999;

/** A day of the Gregorian calendar; months from 1, and a day may be past the end of its month. */
interface CalendarDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** A time of day; the hour may be 24. */
export interface Clock {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const firstDay: CalendarDay = { year: 2000, month: 1, day: 1 };
const midnight: Clock = { hour: 0, minute: 0, second: 0 };

/**
 * A moment as SQLite's date functions keep it: as written, or as a Julian day number, each made of the other only when
 * it is asked for. NaN all through where it is out of range.
 * @see SQLite src/date.c
 */
export class Moment {
  #julianMs: number | undefined;
  #date: CalendarDay | undefined;
  #clock: Clock | undefined;
  #zoneMinutes = 0;
  /** A number that is not said to be Unix time or a Julian day number. */
  #raw: number | undefined;
  /** By how many days the last date is past the end of its month. */
  #daysOver = 0;
  /** Whether Unix time is shown with milliseconds. */
  showsFraction = false;

  static ofUnixMs(ms: number): Moment {
    const moment = new Moment();
    moment.#julianMs = ms + unixEpochMs;
    return moment;
  }

  /** A number alone: a Julian day number, if it is in range, and no modifier says otherwise. */
  static ofNumber(value: number): Moment {
    const moment = new Moment();
    moment.#raw = value;
    if (value >= 0 && value < 5_373_484.5) moment.#julianMs = Math.trunc(value * dayMs + 0.5);
    return moment;
  }

  static ofText(
    date: CalendarDay | undefined,
    time: { clock: Clock; zoneMinutes: number } | undefined,
  ): Moment {
    const moment = new Moment();
    moment.#clock = time?.clock;
    moment.#zoneMinutes = time?.zoneMinutes ?? 0;
    if (date === undefined) return moment;
    moment.#setDate(date);
    if (moment.#zoneMinutes !== 0) moment.julianMs();
    return moment;
  }

  /** Milliseconds of the Julian day number. */
  julianMs(): number {
    this.#julianMs ??= this.#toJulian();
    return this.#julianMs;
  }

  get isInRange(): boolean {
    return isInRange(this.julianMs());
  }

  date(): CalendarDay {
    this.#date ??= this.#julianMs === undefined ? firstDay : dateOf(this.#julianMs);
    return this.#date;
  }

  clock(): Clock {
    this.#clock ??= clockOf(this.julianMs());
    this.#raw = undefined;
    return this.#clock;
  }

  /** Makes a day that may be past the end of its month one of the next; an hour 24 stays one on other days. */
  normalizeDate(): void {
    this.julianMs();
    if (this.#date !== undefined && this.#date.day > 28) this.#date = undefined;
  }

  /** When the year began, at the same time of day. */
  yearStartMs(): number {
    return midnightMs({ year: this.date().year, month: 1, day: 1 }) + clockMs(this.clock());
  }

  /** Forgets how it was written, so that a day past the end of its month is one of the next. */
  settle(): void {
    this.add(0);
  }

  /** Goes on by milliseconds. */
  add(ms: number): void {
    this.#julianMs = this.julianMs() + ms;
    this.#forgetText();
  }

  /** Goes on by months of the calendar; a day that the month does not have is one of the next. */
  addMonths(months: number): void {
    this.clock();
    const { year, month, day } = this.date();
    const index = year * 12 + month - 1 + months;
    this.#setDate({ year: Math.floor(index / 12), month: (((index % 12) + 12) % 12) + 1, day });
    this.#julianMs = undefined;
    this.settle();
  }

  /** Goes back to the last day of the month that was meant. */
  floor(): void {
    this.add(-this.#daysOver * dayMs);
  }

  /** Stays in the next month, whatever comes. */
  ceiling(): void {
    this.settle();
    this.#daysOver = 0;
  }

  /** @returns false for a number that is out of range */
  startOf(unit: "day" | "month" | "year"): boolean {
    if (this.#julianMs === undefined && this.#date === undefined && this.#clock === undefined) return false;
    const { year, month, day } = this.date();
    this.#date = { year, month: unit === "year" ? 1 : month, day: unit === "day" ? day : 1 };
    this.#clock = midnight;
    this.#zoneMinutes = 0;
    this.#raw = undefined;
    this.#julianMs = undefined;
    return true;
  }

  /** Goes on to a day of the week, 0 is Sunday; stays where it is one. */
  toWeekday(weekday: number): void {
    this.date();
    this.clock();
    this.#zoneMinutes = 0;
    this.#julianMs = undefined;
    this.add(((weekday - weekdayOf(this.julianMs()) + 7) % 7) * dayMs);
  }

  /** @returns false where it is no number */
  asUnixTime(): boolean {
    const ms = this.#raw === undefined ? NaN : this.#raw * 1000 + unixEpochMs;
    if (!(ms >= 0 && ms < maxJulianMs + 1)) return false;
    this.#julianMs = Math.trunc(ms + 0.5);
    this.#raw = undefined;
    return true;
  }

  /** @returns false where it is no number, or out of range */
  asJulianDay(): boolean {
    return this.#julianMs !== undefined && this.#raw !== undefined;
  }

  /** Takes a number that is no Julian day number for Unix time. */
  asEither(): void {
    if (this.#julianMs === undefined) this.asUnixTime();
  }

  #toJulian(): number {
    if (this.#raw !== undefined) return NaN;
    const ms = midnightMs(this.#date ?? firstDay) + clockMs(this.#clock ?? midnight);
    const zoneMs = this.#zoneMinutes * 60_000;
    if (zoneMs !== 0) this.#forgetText();
    return ms - zoneMs;
  }

  #setDate(date: CalendarDay): void {
    this.#date = date;
    this.#daysOver = Math.max(0, date.day - daysIn(date));
  }

  #forgetText(): void {
    this.#date = undefined;
    this.#clock = undefined;
    this.#zoneMinutes = 0;
  }
}

function isInRange(julianMs: number): boolean {
  return julianMs >= 0 && julianMs <= maxJulianMs;
}

function midnightMs({ year, month, day }: CalendarDay): number {
  if (!(year >= -4713 && year <= 9999)) return NaN;
  return new Date(0).setUTCFullYear(year, month - 1, day) + unixEpochMs;
}

/** Milliseconds since midnight. */
export function clockMs({ hour, minute, second }: Clock): number {
  return (hour * 60 + minute) * 60_000 + Math.trunc(second * 1000 + 0.5);
}

function dateOf(julianMs: number): CalendarDay {
  const date = new Date(isInRange(julianMs) ? julianMs - unixEpochMs : NaN);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

function clockOf(julianMs: number): Clock {
  const ms = (julianMs + halfDayMs) % dayMs;
  const minutes = Math.floor(ms / 60_000);
  return { hour: Math.floor(minutes / 60), minute: minutes % 60, second: (ms % 60_000) / 1000 };
}

/** The day of the week, 0 is Sunday. */
export function weekdayOf(julianMs: number): number {
  return Math.floor((julianMs + dayMs + halfDayMs) / dayMs) % 7;
}

function daysIn({ year, month }: CalendarDay): number {
  return new Date(new Date(0).setUTCFullYear(year, month, 0)).getUTCDate();
}

import { placeOf } from "./cursor.ts";
import type { Mark } from "./mark.ts";
import type { WrittenEvent } from "./written-event.ts";

/** One event as a listener was handed it. */
export interface Handed {
  readonly subscription: number;
  readonly serial: number;
  readonly atMs: number;
  /** Its index in the client's timeline. */
  readonly index: number;
  /** Its place in the log; nothing where its writer was never answered. */
  readonly place: number | undefined;
  /** Whether the same subscription was handed it before. */
  readonly isRepeat: boolean;
}

/** All that the listeners of one client were handed. */
export class Handing {
  /** In the order in which it happened. */
  readonly all: readonly Handed[];
  readonly #first = new Map<string, Handed>();
  /** First handings whose place is known, in the order of the log. */
  readonly #byPlace: readonly (Handed & { readonly place: number })[];

  constructor(timeline: readonly Mark[], events: readonly WrittenEvent[]) {
    const all: Handed[] = [];
    for (const [index, mark] of timeline.entries()) {
      if (mark.type !== "event") continue;
      const { subscription, serial, atMs } = mark;
      const cursor = events[serial]?.cursor;
      const key = keyOf(subscription, serial);
      const place = cursor === undefined ? undefined : placeOf(cursor);
      const handed = { subscription, serial, atMs, index, place, isRepeat: this.#first.has(key) };
      all.push(handed);
      if (!handed.isRepeat) this.#first.set(key, handed);
    }
    this.all = all;
    this.#byPlace = all
      .filter(
        (handed): handed is Handed & { place: number } => handed.place !== undefined && !handed.isRepeat,
      )
      .toSorted((one, other) => one.place - other.place);
  }

  has(subscription: number, serial: number): boolean {
    return this.#first.has(keyOf(subscription, serial));
  }

  /** The first handing of an event to a subscription. */
  first(subscription: number, serial: number): Handed | undefined {
    return this.#first.get(keyOf(subscription, serial));
  }

  /** The place of what was handed last before an index of the timeline. */
  lastPlaceBefore(index: number): number {
    return this.all.findLast((handed) => handed.index < index && handed.place !== undefined)?.place ?? 0;
  }

  /** What was handed of the log right before and behind a place. */
  neighbours(place: number): { readonly before: Handed | undefined; readonly behind: Handed | undefined } {
    let [low, high] = [0, this.#byPlace.length];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((this.#byPlace[middle]?.place ?? 0) < place) low = middle + 1;
      else high = middle;
    }
    let behind = low;
    // another frame of the same event says nothing about what lies behind it
    while (this.#byPlace[behind]?.place === place) behind += 1;
    return { before: this.#byPlace[low - 1], behind: this.#byPlace[behind] };
  }

  /** The neighbours of a place, for people. */
  around(place: number): string {
    const { before, behind } = this.neighbours(place);
    return `between ${textOf(before) ?? "nothing"} and ${textOf(behind) ?? "the end"}`;
  }
}

function textOf(handed: Handed | undefined): string | undefined {
  return handed === undefined ? undefined : `event ${handed.serial} at ${timeText(handed.atMs)}`;
}

/** The time of day, for people. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().slice(11, 23);
}

function keyOf(subscription: number, serial: number): string {
  return `${subscription}/${serial}`;
}

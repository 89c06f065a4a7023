/** What became of the clients of one kind, counted. */
export interface Tally {
  clients: number;
  streams: number;
  /** Pairs of an event and a subscription by which it was to be received. */
  expected: number;
  received: number;
  /** Not received, with a reason that counts; see `judge.ts`. */
  excused: number;
  lost: number;
  /** Handed to the same subscription of the same client again. */
  repeated: number;
  /** Of those, the ones that only the end of another stream explains, of a client that is alike. */
  repeatedOfOthers: number;
  /** Of those, the ones that no end of a stream explains. */
  repeatedWrongly: number;
  outOfOrder: number;
  granted: number;
  refused: number;
  /** Refused although everything was there. */
  falselyRefused: number;
  /** Granted although the log no longer had the place. */
  falselyGranted: number;
  /** Streams that offered a cursor and were told nothing of it. */
  untold: number;
  /** Handed to somebody who may not see it. */
  leaked: number;
  conflated: number;
  /** SDKs that had given up, and were made to subscribe anew. */
  revived: number;
  /** Clients that were not connected when everything was healed. */
  absent: number;
}

export function emptyTally(): Tally {
  return {
    clients: 0,
    streams: 0,
    expected: 0,
    received: 0,
    excused: 0,
    lost: 0,
    repeated: 0,
    repeatedOfOthers: 0,
    repeatedWrongly: 0,
    outOfOrder: 0,
    granted: 0,
    refused: 0,
    falselyRefused: 0,
    falselyGranted: 0,
    untold: 0,
    leaked: 0,
    conflated: 0,
    revived: 0,
    absent: 0,
  };
}

/** The counts that must be 0. */
export const faultyCounts = [
  "lost",
  "repeatedWrongly",
  "outOfOrder",
  "falselyRefused",
  "falselyGranted",
  "untold",
  "leaked",
  "absent",
] as const satisfies readonly (keyof Tally)[];

/** Something that must not have happened, for people. */
export interface Offence {
  readonly what: (typeof faultyCounts)[number];
  readonly client: number;
  readonly atMs: number;
  readonly text: string;
}

/** Adds one tally to another. */
export function addTally(sum: Tally, part: Tally): void {
  for (const name of Object.keys(part)) {
    if (isCount(name, part)) sum[name] += part[name];
  }
}

function isCount(name: string, tally: Tally): name is keyof Tally {
  return name in tally;
}

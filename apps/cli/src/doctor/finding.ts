import { type Remedy, remediesOf, type Trouble } from "./proxy-remedies.ts";

/** One thing that was looked at. */
export interface Finding {
  readonly check: "reach" | "token" | "cors" | "posts" | "stickiness" | Trouble;
  /** `note`: it works, and could be better, or could not be told. */
  readonly verdict: "good" | "note" | "wrong" | "unreachable";
  readonly says: string;
  /** One of each proxy, where its configuration mends it. */
  readonly remedies: readonly Remedy[];
}

/** Makes a finding. */
export function found(
  check: Finding["check"],
  verdict: Finding["verdict"],
  says: string,
  remedies: readonly Remedy[] = [],
): Finding {
  return { check, verdict, says, remedies };
}

/**
 * A fault that configuration mends.
 * @param silenceSeconds how long a stream may have to be silent
 */
export function mendable(check: Trouble, says: string, silenceSeconds?: number): Finding {
  return found(check, "wrong", says, remediesOf(check, silenceSeconds));
}

/** For people: `12.3 s`. */
export function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

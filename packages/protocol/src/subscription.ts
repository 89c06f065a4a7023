import { parseSubscriptionOptions, type SubscriptionOptions } from "./subscription-options.ts";

/** One string that a client asked for. */
export interface Subscription {
  /** The string byte for byte as it was sent; it is the `event` of every frame. */
  readonly raw: string;
  /** The part before the first `?`. */
  readonly topic: string;
  readonly options: SubscriptionOptions;
}

/** Reads a subscription string. Every string is one: topics are not checked against collections. */
export function parseSubscription(raw: string): Subscription {
  return { raw, topic: topicOf(raw), options: parseSubscriptionOptions(raw) };
}

/** The topic of a subscription string: what stands before its first `?`. */
export function topicOf(raw: string): string {
  const end = raw.indexOf("?");
  return end < 0 ? raw : raw.slice(0, end);
}

import type { RedisUrl } from "./redis/redis-url.ts";

/** What every key and channel of a deployment begins with where nothing else is said. */
export function defaultKeyPrefix(url: Pick<RedisUrl, "kind"> | undefined): string {
  return url?.kind === "cluster" ? "{rt}:" : "rt:";
}

/**
 * What is expected of a key prefix that is none; nothing where it is good. Redis Cluster keeps keys with the same text in
 * braces in one slot, and scripts work on keys of one slot only.
 */
export function keyPrefixFault(prefix: string, url: Pick<RedisUrl, "kind"> | undefined): string | undefined {
  if (!/^[\w:.{}-]+$/.test(prefix)) return "letters, digits and any of : _ - . { }";
  if (url?.kind !== "cluster" || /^[^{]*\{[^}]+\}/.test(prefix)) return undefined;
  return "a text in braces, as in {rt}:, which keeps all keys in one slot";
}

import { Redis } from "ioredis";
import type { RedisUrl } from "./redis-url.ts";

/**
 * Hears from each Sentinel when another Redis has become the primary. After a handover the old one takes writes for
 * seconds as if nothing had happened, and all of them are lost.
 * @returns its connections, which the caller closes
 */
export function watchSentinels(
  { hosts, sentinelLogin, primary, tls }: RedisUrl,
  onMoved: () => void,
): Redis[] {
  return hosts.map((host) => {
    const sentinel = new Redis({
      ...host,
      ...sentinelLogin,
      tls,
      enableReadyCheck: false,
      disableClientInfo: true,
    });
    // one that is away is tried again; without any, the move is noticed when the old primary refuses
    sentinel.on("error", () => undefined);
    sentinel.on("message", (_channel, text: string) => {
      if (text.split(" ")[0] === primary) onMoved();
    });
    sentinel.subscribe("+switch-master").catch(() => undefined);
    return sentinel;
  });
}

import { setTimeout as delay } from "node:timers/promises";

/**
 * Waits for a condition, looked at every few milliseconds.
 * @param what completes "waited 5000 ms for …" when it does not come
 * @throws {Error} after `withinMs`
 */
export async function waitUntil(
  holds: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 5_000,
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited ${withinMs} ms for ${what}`);
    await delay(5);
  }
}

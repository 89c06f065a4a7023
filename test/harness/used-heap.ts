import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect: unknown = runInNewContext("gc");

/** Bytes that are in use of the heap once its garbage is collected. */
export function usedHeapBytes(): number {
  if (typeof collect !== "function") throw new TypeError("expected a collector of garbage");
  collect();
  return process.memoryUsage().heapUsed;
}

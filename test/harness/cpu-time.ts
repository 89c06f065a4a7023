/**
 * How long a call takes. One that seems slow is run three times more, and the least of the CPU time that they took of
 * this thread counts: neither other processes nor one collection of garbage make a call slow.
 * @returns milliseconds
 */
export function callMs(call: () => void, slowMs: number): number {
  const start = performance.now();
  call();
  const elapsedMs = performance.now() - start;
  if (elapsedMs <= slowMs) return elapsedMs;
  return Math.min(...Array.from({ length: 3 }, () => cpuMs(call)));
}

function cpuMs(call: () => void): number {
  const before = process.threadCpuUsage();
  call();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

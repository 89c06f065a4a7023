import { readFileSync } from "node:fs";

/** The clock tick in which Linux tells CPU time to everybody. */
const tickUs = 10_000;

/** CPU time that a process has used, its own and the kernel's for it, in microseconds, exact to 10 ms. */
export function cpuUs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // the name in parentheses may hold anything
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * tickUs;
}

/** For how long the first thread of a process waited for a core that others had, in microseconds. */
export function waitedUs(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[1]) / 1_000;
}

/** Memory of a process, shared pages by their share; the kernel's buffers of its sockets are not in it. */
export function memoryBytes(pid: number): number {
  return kilobytes(`/proc/${pid}/smaps_rollup`, "Pss") * 1024;
}

/** The most memory that a process has had. */
export function peakMemoryBytes(pid: number): number {
  return kilobytes(`/proc/${pid}/status`, "VmHWM") * 1024;
}

/** How many files and sockets this process may open. */
export function maxOpenFiles(): number {
  const limits = readFileSync("/proc/self/limits", "utf8");
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
}

function kilobytes(file: string, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(readFileSync(file, "utf8"));
  if (found === null) throw new TypeError(`expected ${name} in ${file}`);
  return Number(found[1]);
}

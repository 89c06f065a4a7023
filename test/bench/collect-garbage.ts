import { waitUntil } from "../harness/wait-until.ts";

/** A Node process of this machine, started with `--inspect-port=0`. */
export interface InspectedProcess {
  readonly pid: number;
  /** What it has printed so far, its standard error too. */
  readonly output: () => string;
}

/**
 * Has a process collect its garbage, over Node's inspector, which SIGUSR1 opens.
 * @throws {Error} where it does not answer
 */
export async function collectGarbage({ pid, output }: InspectedProcess): Promise<void> {
  const address = (): string | undefined => /Debugger listening on (ws:\S+)/.exec(output())?.[1];
  if (address() === undefined) process.kill(pid, "SIGUSR1");
  await waitUntil(() => address() !== undefined, "the inspector of a process", 10_000);
  const inspector = new WebSocket(address() ?? "");
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  inspector.addEventListener("open", () => {
    inspector.send(JSON.stringify({ id: 1, method: "HeapProfiler.collectGarbage" }));
  });
  inspector.addEventListener("message", () => resolve());
  inspector.addEventListener("error", () => reject(new TypeError("expected the inspector to answer")));
  await promise;
  inspector.close();
}

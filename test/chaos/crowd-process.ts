import { setTimeout as delay } from "node:timers/promises";
import { resumingEventSource } from "@sluice/resume";
import { EventSource } from "eventsource";
import { sdks } from "../harness/sdk.ts";
import { seededRandom } from "../harness/seeded-random.ts";
import type { ClientKind, ClientPlan } from "./client-plan.ts";
import type { CrowdOrder, CrowdReport } from "./crowd-message.ts";
import type { Mark } from "./mark.ts";
import { Marker } from "./marker.ts";
import { NativeClient } from "./native-client.ts";
import { SdkApplication } from "./sdk-client.ts";
import { spyingEventSource } from "./spying-event-source.ts";

// The process of a crowd: clients of one kind, since the SDKs take their `EventSource` from the global scope.

const reportMs = 100;

/** Clients are opened some at a time. */
const openersAtOnce = 20;

let marks: [number, Mark][] = [];
const markers = new Map<number, Marker>();
const natives = new Map<number, NativeClient>();

async function start({ kind, balancerUrl, clients, seed }: CrowdOrder & { type: "start" }): Promise<void> {
  for (const { number } of clients) {
    markers.set(number, new Marker((mark) => marks.push([number, mark])));
  }
  if (kind !== "native") spyOnSdks(kind);
  const queue = clients.entries();
  const openNext = async (): Promise<void> => {
    for (const [index, plan] of queue)
      await open(kind, `${balancerUrl}/c${plan.number}`, { plan, index, seed });
  };
  await Promise.all(Array.from({ length: openersAtOnce }, openNext));
}

async function open(
  kind: ClientKind,
  base: string,
  { plan, index, seed }: { plan: ClientPlan; index: number; seed: number },
): Promise<void> {
  const marker = markers.get(plan.number);
  if (marker === undefined) return;
  if (kind !== "native") {
    const sdk = sdks[index % sdks.length];
    if (sdk !== undefined) await new SdkApplication(base, plan, { sdk, marker }).start();
    return;
  }
  const random = seededRandom(seed + plan.number);
  const openNative = (): void =>
    void natives.set(plan.number, new NativeClient(base, plan, { marker, random }));
  if (plan.lateMs > 0) setTimeout(openNative, plan.lateMs);
  else openNative();
  await delay(1);
}

/** Notes what the SDKs' streams and POSTs come to; neither is changed by it. */
function spyOnSdks(kind: "stock" | "resume"): void {
  const base = kind === "stock" ? EventSource : resumingEventSource(EventSource);
  const { fetch } = globalThis;
  const fetchAndNote: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (init?.method === "POST" && response.status === 204) markerOf(response.url)?.add({ type: "live" });
    return response;
  };
  Object.assign(globalThis, { EventSource: spyingEventSource(base, markerOf), fetch: fetchAndNote });
}

function markerOf(url: string): Marker | undefined {
  return markers.get(Number(/\/c(\d+)\//.exec(url)?.[1]));
}

process.on("message", (order: CrowdOrder) => {
  if (order.type === "start") void start(order);
  else natives.get(order.client)?.stall(order.forMs);
});
process.on("disconnect", () => process.exit());
setInterval(() => {
  const report: CrowdReport = { marks };
  marks = [];
  if (report.marks.length > 0) process.send?.(report);
}, reportMs);

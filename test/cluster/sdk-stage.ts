import type { Cluster } from "../harness/cluster.ts";
import type { RoundRobinProxy } from "../harness/round-robin-proxy.ts";
import type { Sdk, SdkClient } from "../harness/sdk.ts";
import { waitUntil } from "../harness/wait-until.ts";

/** What a scenario runs on: two nodes behind a balancer without stickiness. */
export interface Stage {
  readonly cluster: Cluster;
  readonly proxy: RoundRobinProxy;
  readonly sdk: Sdk;
}

/** Something that applications do with the SDK. */
export interface Scenario {
  readonly name: string;
  readonly run: (stage: Stage) => Promise<void>;
}

let lastId = 0;

/** An id that no other scenario uses. */
export function freshId(): string {
  lastId += 1;
  return `s${process.pid}x${lastId}`;
}

/** Works with a client of the SDK; behind it, its stream is gone from the directory. */
export async function withClient(
  { cluster, proxy, sdk }: Stage,
  work: (client: SdkClient) => Promise<void>,
): Promise<void> {
  const client = sdk.create(proxy.url);
  const ids: string[] = [];
  try {
    await work(client);
    ids.push(client.realtime.clientId);
  } finally {
    await client.realtime.unsubscribe();
  }
  const keys = ids.filter((id) => id !== "").map((id) => `${cluster.prefix}client:${id}`);
  if (keys.length === 0) return;
  await waitUntil(
    async () => (await cluster.redis.exists(...keys)) === 0,
    "the closed stream to be forgotten",
  );
}

/** A listener that remembers what it heard. */
export function listener<T>(): { readonly heard: T[]; readonly hear: (event: T) => void } {
  const heard: T[] = [];
  return { heard, hear: (event) => void heard.push(event) };
}

/** Waits for a condition as long as a reconnect may take. */
export const until = (holds: () => boolean | Promise<boolean>, what: string): Promise<void> =>
  waitUntil(holds, what, 10_000);

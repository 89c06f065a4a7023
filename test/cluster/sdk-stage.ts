import type { Cluster } from "../harness/cluster.ts";
import { readMetrics } from "../harness/metrics.ts";
import type { RoundRobinProxy } from "../harness/round-robin-proxy.ts";
import type { Sdk, SdkClient } from "../harness/sdk.ts";
import { type SdkNetwork, startSdkNetwork } from "../harness/sdk-network.ts";
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
export async function withClient(stage: Stage, work: (client: SdkClient) => Promise<void>): Promise<void> {
  const { cluster, proxy, sdk } = stage;
  const client = sdk.create(proxy.url);
  const ids: string[] = [];
  try {
    await work(client);
    ids.push(client.realtime.clientId);
  } finally {
    await client.realtime.unsubscribe();
  }
  const keys = ids.filter((id) => id !== "").map((id) => entryKey(stage, id));
  if (keys.length === 0) return;
  await waitUntil(
    async () => (await cluster.redis.exists(...keys)) === 0,
    "the closed stream to be forgotten",
  );
}

/** Works with a network of its own in front of the balancer, and with the stage behind it. */
export async function withNetwork(
  stage: Stage,
  work: (network: SdkNetwork, networked: Stage) => Promise<void>,
): Promise<void> {
  const network = await startSdkNetwork(stage.proxy.url);
  try {
    await work(network, { ...stage, proxy: { ...stage.proxy, url: network.url } });
  } finally {
    await network.close();
  }
}

/** The key of a client's entry in the directory. */
export function entryKey({ cluster }: Stage, clientId: string): string {
  return `${cluster.prefix}client:${clientId}`;
}

/** What the hubs of all nodes hold together. */
export async function holdings({ nodes }: Cluster): Promise<{ streams: number; subscriptions: number }> {
  const metrics = await Promise.all(nodes.map(({ url }) => readMetrics(url)));
  const sum = (name: string): number => metrics.reduce((total, node) => total + (node.get(name) ?? 0), 0);
  return { streams: sum("sluice_streams"), subscriptions: sum("sluice_subscriptions") };
}

/** Publishes messages until one is heard: a client that reconnects hears what comes once it is back. */
export async function hearsAgain(
  { cluster }: Stage,
  topic: string,
  heard: readonly unknown[],
): Promise<void> {
  const known = heard.length;
  const isHeard = async (): Promise<boolean> => {
    await cluster.message({ topic, data: "again" });
    return heard.length > known;
  };
  await until(isHeard, `${topic} to be heard again`);
}

/** A listener that remembers what it heard. */
export function listener<T>(): { readonly heard: T[]; readonly hear: (event: T) => void } {
  const heard: T[] = [];
  return { heard, hear: (event) => void heard.push(event) };
}

/** Waits for a condition as long as reconnects on a busy machine may take. */
export const until = (holds: () => boolean | Promise<boolean>, what: string): Promise<void> =>
  waitUntil(holds, what, 20_000);

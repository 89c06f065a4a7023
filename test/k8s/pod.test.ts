import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigMap } from "kubernetes-models/v1";
import { expect, inject, onTestFinished, test } from "vitest";
import { type GatewayProcess, startGateway } from "../harness/gateway-process.ts";
import { uniqueKeyPrefix } from "../harness/key-prefix.ts";
import { postSubscriptions } from "../harness/realtime-client.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { gatewayPod } from "./gateway-pod.ts";
import { only, renderOverlay } from "./manifest.ts";

const development = renderOverlay(inject("kubectl"), "development");
const { container, env, pod } = gatewayPod(development);

/** Node's own lock on the file system: it may be read, and nothing written. */
const readOnly = ["--permission", "--allow-fs-read=*"];

/** Starts the gateway as the pod would, on loopback and with the Redis of the tests, until the test is over. */
async function startPod(): Promise<GatewayProcess> {
  const { PORT: _, ...settings } = env;
  const ours = {
    COLLECTIONS_FILE: mountCollections(),
    REDIS_URL: inject("redisUrl"),
    KEY_PREFIX: uniqueKeyPrefix(),
  };
  const gateway = await startGateway({ ...settings, ...ours }, readOnly);
  onTestFinished(gateway.kill);
  return gateway;
}

function mountCollections(): string {
  const { data } = only(development, ConfigMap.is, "sluice-collections");
  const folder = mkdtempSync(join(tmpdir(), "sluice-pod-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "collections.json");
  writeFileSync(file, data?.["collections.json"] ?? "");
  return file;
}

const statusOf = async (url: string): Promise<number> => (await fetch(url)).status;

test("the pod answers its probes, writes no file, and drains on SIGTERM within its time", async () => {
  const gateway = await startPod();
  const { startupProbe, livenessProbe, readinessProbe } = container;
  for (const probe of [startupProbe, livenessProbe, readinessProbe])
    expect(await statusOf(gateway.url + probe?.httpGet?.path)).toBe(200);
  // between PB_CONNECT and its first POST a stream is not ended: the drain waits for it
  const stream = await SseReader.open(gateway.url);
  const startMs = performance.now();
  const exit = gateway.stop();
  await waitUntil(
    async () => (await statusOf(gateway.url + readinessProbe?.httpGet?.path)) === 503,
    "unready",
  );
  expect(await statusOf(gateway.url + livenessProbe?.httpGet?.path)).toBe(200);
  const refused = await SseReader.openRaw(gateway.url);
  expect(refused.status).toBe(503);
  expect(stream.ended).toBe(false);
  expect((await postSubscriptions(gateway.url, stream.clientId, ["posts/*"])).status).toBe(204);
  expect(await exit).toBe(0);
  expect(stream.ended).toBe(true);
  expect(performance.now() - startMs).toBeLessThan((pod.terminationGracePeriodSeconds ?? 0) * 1000);
});

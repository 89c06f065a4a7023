import { readFileSync } from "node:fs";
import { join } from "node:path";
import { StatefulSet } from "kubernetes-models/apps/v1";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1";
import { Service } from "kubernetes-models/v1";
import { expect, inject, test } from "vitest";
import { demoCollectionsFile } from "../harness/cluster.ts";
import { gatewayPod } from "./gateway-pod.ts";
import { k8sFolder, only, renderOverlay } from "./manifest.ts";

const development = renderOverlay(inject("kubectl"), "development");

test("it has the demo collections, where the gateway looks for them", () => {
  const file = join(k8sFolder, "overlays/development/collections.json");
  expect(readFileSync(file, "utf8")).toBe(readFileSync(demoCollectionsFile, "utf8"));
  const { pod, container, env } = gatewayPod(development);
  expect(pod.volumes).toEqual([{ name: "collections", configMap: { name: "sluice-collections" } }]);
  const mounts = container.volumeMounts?.map(({ mountPath }) => `${mountPath}/collections.json`);
  expect(mounts).toEqual([env["COLLECTIONS_FILE"]]);
});

test("it has a Redis that the gateways reach, and nobody else", () => {
  const { spec: redis } = only(development, StatefulSet.is);
  const { spec: policy } = only(development, NetworkPolicy.is, "redis");
  const name = { "app.kubernetes.io/name": "redis" };
  expect(redis?.template.metadata?.labels).toEqual(name);
  expect(only(development, Service.is, "redis").spec?.selector).toEqual(name);
  expect(policy?.podSelector?.matchLabels).toEqual(name);
  expect(policy?.policyTypes).toEqual(["Ingress", "Egress"]);
  const gateways = { podSelector: only(development, NetworkPolicy.is, "sluice").spec?.podSelector };
  expect(policy?.ingress).toEqual([{ from: [gateways], ports: [{ port: "redis" }] }]);
});

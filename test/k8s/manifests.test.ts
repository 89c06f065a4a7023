import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { PodMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor";
import { StatefulSet } from "kubernetes-models/apps/v1";
import { HorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1";
import { type IPodSpec, Service } from "kubernetes-models/v1";
import { describe, expect, inject, test } from "vitest";
import { drainGraceMs } from "../../apps/gateway/src/gateway.ts";
import { gatewayPod, settingsOf } from "./gateway-pod.ts";
import { every, k8sFolder, type Manifest, only, renderEverything, renderOverlay } from "./manifest.ts";
import { restrictedProblems } from "./restricted-problems.ts";
import { schemaProblems } from "./schema-problems.ts";

const kubectl = inject("kubectl");
const overlays = readdirSync(join(k8sFolder, "overlays"));
const rendered = [
  ...overlays.map((name) => ({ name, manifests: renderOverlay(kubectl, name) })),
  { name: "base with every component", manifests: renderEverything(kubectl) },
];

test("every file in a folder of k8s/ is named by its kustomization", () => {
  const files = readdirSync(k8sFolder, { recursive: true, encoding: "utf8" });
  const named = files.filter((name) => /^(base|components|overlays)\/.*\.\w+$/.test(name));
  for (const file of named.filter((name) => basename(name) !== "kustomization.yaml")) {
    const kustomization = readFileSync(join(k8sFolder, dirname(file), "kustomization.yaml"), "utf8");
    expect(kustomization).toContain(basename(file));
  }
});

describe.each(rendered)("$name", ({ manifests }) => {
  const { deployment, labels, pod, container, env } = gatewayPod(manifests);
  const preStopSeconds = container.lifecycle?.preStop?.sleep?.seconds ?? 0;
  const { drainSeconds, port } = settingsOf(env);

  test("is what the API's schemas say, down to the last field", () => {
    expect(manifests.flatMap(schemaProblems)).toEqual([]);
  });

  test("sets only what the gateway reads", () => {
    const read = new Set<string>();
    const get = (target: typeof env, name: string): string | undefined => {
      read.add(name);
      return target[name];
    };
    settingsOf(new Proxy(env, { get }));
    expect(Object.keys(env).filter((name) => !read.has(name))).toEqual([]);
  });

  test("has no secret in it, and starts no gateway without one", () => {
    expect(manifests.map(({ kind }) => kind)).not.toContain("Secret");
    expect(container.envFrom).toContainEqual({ secretRef: { name: "sluice" } });
    const reference = { secretKeyRef: { name: "sluice", key: "REDIS_URL" } };
    expect(container.env).toEqual([{ name: "REDIS_URL", valueFrom: reference }]);
  });

  test("rolls one pod at a time: the next one leaves when the one before it has drained", () => {
    const rollingUpdate = { maxSurge: 1, maxUnavailable: 0 };
    expect(deployment.strategy).toEqual({ type: "RollingUpdate", rollingUpdate });
    expect(deployment.minReadySeconds).toBeGreaterThanOrEqual(preStopSeconds + drainSeconds);
  });

  test("gives a drain its time: what comes until all proxies know, the streams' end, and the grace behind it", () => {
    expect(preStopSeconds).toBeGreaterThanOrEqual(5);
    const atMost = preStopSeconds + drainSeconds + drainGraceMs / 1000;
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(atMost + 5);
  });

  test("names the pods of the gateway wherever it selects some", () => {
    const selectors = [
      deployment.selector.matchLabels,
      only(manifests, PodDisruptionBudget.is).spec?.selector?.matchLabels,
      only(manifests, Service.is, "sluice").spec?.selector,
      only(manifests, NetworkPolicy.is, "sluice").spec?.podSelector?.matchLabels,
      ...every(manifests, PodMonitor.is).map(({ spec }) => spec.selector.matchLabels),
      ...(pod.topologySpreadConstraints ?? []).map(({ labelSelector }) => labelSelector?.matchLabels),
    ];
    for (const selector of selectors) {
      expect(Object.keys(selector ?? {})).not.toEqual([]);
      expect(labels).toMatchObject(selector ?? {});
    }
  });

  test("scales the gateway, which has no number of its own, fast up and slowly down", () => {
    const { spec } = only(manifests, HorizontalPodAutoscaler.is);
    expect(spec?.scaleTargetRef).toEqual({ apiVersion: "apps/v1", kind: "Deployment", name: "sluice" });
    expect(deployment.replicas).toBeUndefined();
    expect(spec?.minReplicas).toBeGreaterThanOrEqual(2);
    const { scaleUp, scaleDown } = spec?.behavior ?? {};
    expect(scaleUp?.stabilizationWindowSeconds).toBe(0);
    expect(scaleDown?.stabilizationWindowSeconds).toBeGreaterThanOrEqual(600);
    expect(scaleDown?.policies).toEqual([{ type: "Pods", value: 1, periodSeconds: 300 }]);
  });

  test("leads from the Service to the port on which the gateway listens, without affinity", () => {
    const { spec } = only(manifests, Service.is, "sluice");
    expect(spec?.sessionAffinity).toBe("None");
    expect(spec?.ports?.map(({ targetPort }) => targetPort)).toEqual(["http"]);
    expect(container.ports).toEqual([{ name: "http", containerPort: port }]);
  });

  test("lets through what the gateway needs: its own port, names, Redis", () => {
    const { spec } = only(manifests, NetworkPolicy.is, "sluice");
    expect(spec?.policyTypes).toEqual(["Ingress", "Egress"]);
    expect(spec?.ingress).toEqual([{ ports: [{ port: "http" }] }]);
    const out = spec?.egress?.flatMap(({ to, ports }) => (to === undefined ? (ports ?? []) : []));
    expect(out).toContainEqual({ port: 53, protocol: "UDP" });
    expect(out).toContainEqual({ port: 53, protocol: "TCP" });
    expect(out).toContainEqual({ port: 6379 });
  });

  test("runs what the Pod Security Standard restricted admits, from images with a version", () => {
    const pods = [pod, ...statefulPods(manifests)];
    expect(pods.flatMap(restrictedProblems)).toEqual([]);
    const images = pods.flatMap(({ containers }) => containers.map(({ image }) => image));
    for (const image of images) expect(image).toMatch(/^[^:@]+(:v?\d+\.[\w.-]+|@sha256:[0-9a-f]{64})$/);
  });

  test("gives a pod no token of the Kubernetes API", () => {
    for (const { automountServiceAccountToken } of [pod, ...statefulPods(manifests)])
      expect(automountServiceAccountToken).toBe(false);
  });
});

function statefulPods(manifests: readonly Manifest[]): readonly IPodSpec[] {
  return every(manifests, StatefulSet.is).flatMap(({ spec }) => spec?.template.spec ?? []);
}

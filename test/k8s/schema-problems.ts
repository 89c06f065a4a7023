import { HTTPRoute } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute";
import { PodMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor";
import { PrometheusRule } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule";
import { Deployment, StatefulSet } from "kubernetes-models/apps/v1";
import { HorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2";
import { Ingress, NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1";
import { ConfigMap, Namespace, Service, ServiceAccount } from "kubernetes-models/v1";
import type { Manifest } from "./manifest.ts";

/** What a manifest of a kind has to look like; generated from the OpenAPI of Kubernetes and from CRDs. */
interface Model {
  readonly apiVersion: string;
  readonly kind: string;
  readonly prototype: { validate(): void };
}

const models: readonly Model[] = [
  ConfigMap,
  Deployment,
  HTTPRoute,
  HorizontalPodAutoscaler,
  Ingress,
  Namespace,
  NetworkPolicy,
  PodDisruptionBudget,
  PodMonitor,
  PrometheusRule,
  Service,
  ServiceAccount,
  StatefulSet,
];

/**
 * What is wrong with a manifest by the schema of its kind, a line each. The models take fields that they do not know, as
 * OpenAPI says; here those are wrong too: a misspelt field is one that the validation never read.
 */
export function schemaProblems(manifest: Manifest): readonly string[] {
  const { apiVersion, kind, metadata } = manifest;
  const name = `${apiVersion} ${kind} ${metadata.name}`;
  const model = models.find((known) => known.apiVersion === apiVersion && known.kind === kind);
  if (model === undefined) return [`${name}: no such kind among those that are checked`];
  const fields = new Fields();
  const problems: string[] = [];
  try {
    model.prototype.validate.call(fields.watch(manifest, ""));
  } catch (error) {
    if (!(error instanceof Error && "errors" in error)) throw error;
    problems.push(error.message);
  }
  const unknown = fields.unread().map((path) => `${path}: no such field`);
  return [...problems, ...unknown].map((problem) => `${name}: ${problem}`);
}

/** The fields of a manifest, and which of them were read. */
class Fields {
  readonly #all = new Set<string>();
  readonly #read = new Set<string>();

  watch(value: unknown, path: string): unknown {
    if (typeof value !== "object" || value === null) return value;
    for (const key of Object.keys(value)) this.#all.add(`${path}/${key}`);
    return new Proxy(value, {
      get: (target, key) => {
        const at = `${path}/${String(key)}`;
        this.#read.add(at);
        return this.watch(Reflect.get(target, key), at);
      },
    });
  }

  /** Those that were not, without what is inside them. */
  unread(): readonly string[] {
    return [...this.#all].filter((path) => !this.#read.has(path));
  }
}

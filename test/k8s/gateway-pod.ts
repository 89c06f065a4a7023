import { Deployment, type IDeploymentSpec } from "kubernetes-models/apps/v1";
import { ConfigMap, type IContainer, type IPodSpec } from "kubernetes-models/v1";
import { parseSettings, type Settings } from "../../apps/gateway/src/settings.ts";
import { every, type Manifest, only } from "./manifest.ts";

/** The gateway as a rendering deploys it. */
export interface GatewayPod {
  readonly deployment: IDeploymentSpec;
  readonly labels: Readonly<Record<string, string>>;
  readonly pod: IPodSpec;
  readonly container: IContainer;
  /** Its environment, in a cluster whose Secret is as docs/kubernetes.md says. */
  readonly env: Readonly<Record<string, string>>;
}

/** What the Secret `sluice` has to hold. */
const secret = { REDIS_URL: "rediss://redis.example:6380", AUTH_SECRET: "a secret of the cluster" };

/** Finds the gateway in a rendering and resolves what its environment refers to. */
export function gatewayPod(manifests: readonly Manifest[]): GatewayPod {
  const { spec: deployment } = only(manifests, Deployment.is);
  const pod = deployment?.template.spec;
  const container = pod?.containers[0];
  if (deployment === undefined || pod === undefined || container === undefined)
    throw new TypeError("expected a Deployment with a container");
  const labels = deployment.template.metadata?.labels ?? {};
  return { deployment, labels, pod, container, env: environment(container, manifests) };
}

/** What a gateway makes of its environment. */
export function settingsOf(env: GatewayPod["env"]): Settings {
  const parsed = parseSettings(env);
  if ("problems" in parsed) throw new TypeError(parsed.problems.join("\n"));
  return parsed.settings;
}

function environment(container: IContainer, manifests: readonly Manifest[]): Record<string, string> {
  const maps = every(manifests, ConfigMap.is);
  const sources = (container.envFrom ?? []).map(({ configMapRef, secretRef }) =>
    secretRef?.name === "sluice"
      ? secret
      : maps.find((map) => map.metadata?.name === configMapRef?.name)?.data,
  );
  if (sources.includes(undefined))
    throw new TypeError("expected envFrom to name what is rendered, or sluice");
  return Object.assign({}, ...sources);
}

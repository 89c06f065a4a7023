import type { IContainer, IPodSpec, IVolume } from "kubernetes-models/v1";

const volumeKinds = new Set([
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
]);

/**
 * What keeps a pod out of a namespace whose Pod Security Standard is "restricted", and beyond it: a root file system that
 * can be written.
 * @see https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
export function restrictedProblems(pod: IPodSpec): readonly string[] {
  const containers = [...(pod.initContainers ?? []), ...pod.containers];
  const rules: readonly (readonly [string, boolean])[] = [
    ["hostNetwork", pod.hostNetwork !== true],
    ["hostPID", pod.hostPID !== true],
    ["hostIPC", pod.hostIPC !== true],
    ["sysctls", (pod.securityContext?.sysctls ?? []).length === 0],
    ["volumes", (pod.volumes ?? []).every(isRestrictedVolume)],
  ];
  const broken = rules.filter(([, holds]) => !holds).map(([name]) => name);
  return [...broken, ...containers.flatMap((container) => containerProblems(pod, container))];
}

function isRestrictedVolume(volume: IVolume): boolean {
  return Object.keys(volume).every((kind) => kind === "name" || volumeKinds.has(kind));
}

function containerProblems(
  pod: IPodSpec,
  { name, ports, securityContext: own }: IContainer,
): readonly string[] {
  const all = { ...pod.securityContext, ...own };
  const seccomp = all.seccompProfile?.type;
  const rules: readonly (readonly [string, boolean])[] = [
    ["hostPort", (ports ?? []).every(({ hostPort }) => hostPort === undefined)],
    ["privileged", own?.privileged !== true],
    ["allowPrivilegeEscalation", own?.allowPrivilegeEscalation === false],
    ["capabilities.drop", own?.capabilities?.drop?.includes("ALL") === true],
    ["capabilities.add", (own?.capabilities?.add ?? []).every((added) => added === "NET_BIND_SERVICE")],
    ["runAsNonRoot", all.runAsNonRoot === true],
    ["runAsUser", all.runAsUser !== 0],
    ["seccompProfile", seccomp === "RuntimeDefault" || seccomp === "Localhost"],
    ["readOnlyRootFilesystem", own?.readOnlyRootFilesystem === true],
  ];
  return rules.filter(([, holds]) => !holds).map(([rule]) => `${name}: ${rule}`);
}

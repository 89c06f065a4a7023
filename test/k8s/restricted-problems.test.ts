import type { IContainer, IPodSpec, ISecurityContext } from "kubernetes-models/v1";
import { expect, test } from "vitest";
import { restrictedProblems } from "./restricted-problems.ts";

const securityContext: ISecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
};
const container: IContainer = { name: "main", securityContext };

test("a pod that asks for nothing is admitted", () => {
  expect(restrictedProblems({ containers: [container] })).toEqual([]);
});

test.each<[string, Partial<IPodSpec>]>([
  ["hostNetwork", { hostNetwork: true }],
  ["hostPID", { hostPID: true }],
  ["hostIPC", { hostIPC: true }],
  ["sysctls", { securityContext: { sysctls: [{ name: "net.core.somaxconn", value: "65535" }] } }],
  ["volumes", { volumes: [{ name: "root", hostPath: { path: "/" } }] }],
  ["main: runAsUser", { securityContext: { runAsUser: 0 } }],
  ["first: readOnlyRootFilesystem", { initContainers: [withContext({ readOnlyRootFilesystem: false })] }],
])("a pod is refused for its %s", (problem, fields) => {
  expect(restrictedProblems({ containers: [container], ...fields })).toEqual([problem]);
});

test.each<[string, ISecurityContext]>([
  ["privileged", { privileged: true }],
  ["allowPrivilegeEscalation", { allowPrivilegeEscalation: true }],
  ["capabilities.drop", { capabilities: { drop: ["NET_RAW"] } }],
  ["capabilities.add", { capabilities: { drop: ["ALL"], add: ["NET_ADMIN"] } }],
  ["runAsNonRoot", { runAsNonRoot: false }],
  ["seccompProfile", { seccompProfile: { type: "Unconfined" } }],
])("a container is refused for its %s", (problem, context) => {
  expect(restrictedProblems({ containers: [withContext(context)] })).toEqual([`first: ${problem}`]);
});

test("a container is refused for a port of its host", () => {
  const ports = [{ containerPort: 80, hostPort: 80 }];
  expect(restrictedProblems({ containers: [{ ...container, ports }] })).toEqual(["main: hostPort"]);
});

function withContext(context: ISecurityContext): IContainer {
  return { name: "first", securityContext: { ...securityContext, ...context } };
}

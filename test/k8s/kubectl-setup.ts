import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import { unpackDebianPackage } from "../harness/debian-package.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** A kubectl whose kustomize knows components, labels and patches. */
    kubectl: string;
  }
}

/** Bookworm's kubectl is of 2021: its kustomize knows no components. */
const debianRelease = "trixie";

const cache = fileURLToPath(new URL("../../node_modules/.cache/", import.meta.url));

/**
 * Finds a kubectl: the one on the PATH if it is new enough, else Debian's, unpacked into node_modules.
 * @throws {Error} where neither is to be had
 */
export function setup(project: TestProject): void {
  project.provide("kubectl", rendersComponents("kubectl") ? "kubectl" : debianKubectl());
}

function rendersComponents(kubectl: string): boolean {
  const { status, stdout } = spawnSync(kubectl, ["version", "--client"], { encoding: "utf8" });
  return status === 0 && /^Kustomize Version: v[5-9]/m.test(stdout);
}

function debianKubectl(): string {
  const kubectl = join(cache, "kubectl");
  if (existsSync(kubectl)) return kubectl;
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "kubectl-"));
  try {
    unpackDebianPackage("kubectl", debianRelease, folder);
    renameSync(join(folder, "root/usr/bin/kubectl"), kubectl);
  } catch (error) {
    throw new Error(
      "The tests render k8s/ with kubectl 1.27 or newer: none is on the PATH, and Debian's could not be fetched. Install kubectl.",
      { cause: error },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
  return kubectl;
}

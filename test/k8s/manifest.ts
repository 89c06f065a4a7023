import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";

/** The folder of all manifests. */
export const k8sFolder = fileURLToPath(new URL("../../k8s/", import.meta.url));

/** One object of the Kubernetes API, as kustomize renders it; its fields are nobody's promise yet. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

/** Renders an overlay of k8s/. */
export function renderOverlay(kubectl: string, name: string): readonly Manifest[] {
  return render(kubectl, join(k8sFolder, "overlays", name));
}

/** Renders the base with all components, as no overlay has them. */
export function renderEverything(kubectl: string): readonly Manifest[] {
  // kustomize takes only relative paths, and follows links before it does
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "sluice-overlay-"));
  const pathOf = (name: string): string => relative(folder, join(k8sFolder, name));
  const components = readdirSync(join(k8sFolder, "components")).map((name) => pathOf(`components/${name}`));
  const kustomization = { resources: [pathOf("base")], components };
  writeFileSync(join(folder, "kustomization.yaml"), JSON.stringify(kustomization));
  try {
    return render(kubectl, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** All manifests of a kind. */
export function every<T>(manifests: readonly Manifest[], is: (value: unknown) => value is T): readonly T[] {
  return manifests.flatMap((manifest: unknown) => (is(manifest) ? [manifest] : []));
}

/**
 * The one manifest of a kind, or of a kind and a name.
 * @throws {TypeError} where there is none, or more than one
 */
export function only<T>(
  manifests: readonly Manifest[],
  is: (value: unknown) => value is T,
  name?: string,
): T {
  const named = manifests.filter(({ metadata }) => name === undefined || metadata.name === name);
  const [found, ...more] = every(named, is);
  if (found !== undefined && more.length === 0) return found;
  throw new TypeError(`expected one manifest of a kind, got ${every(named, is).length}`);
}

function render(kubectl: string, folder: string): readonly Manifest[] {
  return parseManifests(execFileSync(kubectl, ["kustomize", folder], { encoding: "utf8" }));
}

/** Reads YAML as Kubernetes does, by version 1.1: there `off` is a boolean. */
function parseManifests(text: string): readonly Manifest[] {
  return parseAllDocuments(text, { version: "1.1" }).map((document): Manifest => {
    if (document.errors.length > 0) throw new TypeError(document.errors.join("\n"));
    const manifest: unknown = document.toJS();
    if (isManifest(manifest)) return manifest;
    throw new TypeError(`expected apiVersion, kind and metadata.name, got ${JSON.stringify(manifest)}`);
  });
}

function isManifest(value: unknown): value is Manifest {
  if (typeof value !== "object" || value === null) return false;
  if (!("apiVersion" in value && "kind" in value && "metadata" in value)) return false;
  const { metadata } = value;
  return typeof metadata === "object" && metadata !== null && "name" in metadata;
}

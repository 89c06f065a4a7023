import { expect, inject, test } from "vitest";
import { type Manifest, renderEverything, renderOverlay } from "./manifest.ts";
import { schemaProblems } from "./schema-problems.ts";

const kubectl = inject("kubectl");
const manifests = [...renderEverything(kubectl), ...renderOverlay(kubectl, "development")];

/** Fields that people name as they like, and those without which nothing is a manifest. */
const freeFields =
  /^\w+ (apiVersion|kind|metadata)$| (labels|annotations|matchLabels|data|requests|limits) \S+$|^Service spec selector \S+$/;

test("a misspelt field is refused, whichever it is", () => {
  const places = manifests.flatMap((manifest) =>
    [...pathsIn(manifest)].map((path) => ({ manifest, path, place: [manifest.kind, ...path].join(" ") })),
  );
  const fixed = places.filter(({ place }) => !freeFields.test(place));
  const unnoticed = fixed.filter(
    ({ manifest, path }) => schemaProblems(misspell(manifest, path)).length === 0,
  );
  expect(unnoticed.map(({ place }) => place)).toEqual([]);
  expect(fixed.length).toBeGreaterThan(300);
});

test("the refusal names the object and the field", () => {
  const path = ["spec", "template", "spec", "containers", "0", "readinessProbe"];
  expect(schemaProblems(misspell(deployment(), path))).toEqual([
    "apps/v1 Deployment sluice: /spec/template/spec/containers/0/readinessProbex: no such field",
  ]);
});

test("a value of another type and a missing one are refused", () => {
  const spec = { selector: { matchLabels: { a: "b" } }, minReadySeconds: "30" };
  expect(schemaProblems(Object.assign(deployment(), { spec }))).toEqual([
    "apps/v1 Deployment sluice: data/spec must have required property template, data/spec/minReadySeconds must be integer",
  ]);
});

test("an unknown kind is refused", () => {
  const manifest = { apiVersion: "apps/v1beta1", kind: "Deployment", metadata: { name: "old" } };
  expect(schemaProblems(manifest)).toEqual([
    "apps/v1beta1 Deployment old: no such kind among those that are checked",
  ]);
});

function deployment(): Manifest {
  const found = manifests.find(({ kind }) => kind === "Deployment");
  if (found === undefined) throw new TypeError("expected a Deployment");
  return structuredClone(found);
}

/** The ways to all fields of an object, at every depth; an item of a list has no name to misspell. */
function* pathsIn(value: unknown, path: readonly string[] = []): Generator<readonly string[]> {
  if (typeof value !== "object" || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    const innerPath = path.concat(name);
    if (!Array.isArray(value)) yield innerPath;
    yield* pathsIn(inner, innerPath);
  }
}

/** The same manifest with one field's name wrong. */
function misspell(manifest: Manifest, path: readonly string[]): Manifest {
  const wrong = structuredClone(manifest);
  let inner: object = wrong;
  for (const name of path.slice(0, -1)) inner = Reflect.get(inner, name);
  const name = path.at(-1) ?? "";
  Reflect.set(inner, `${name}x`, Reflect.get(inner, name));
  Reflect.deleteProperty(inner, name);
  return wrong;
}

import { readFileSync } from "node:fs";
import { isJsonObject, type JsonObject } from "@sluice/protocol";
import { parse } from "yaml";

/** A described interface: `docs/openapi.yaml` or `docs/asyncapi.yaml`. */
export interface Document {
  /** As it stands in its file. */
  readonly content: JsonObject;
  /** What a reference or a value stands for; not within what it finds. */
  readonly resolve: (value: unknown) => JsonObject;
  /** As `content`, each reference beginning with a name of the whole: parts can be compiled by themselves. */
  readonly named: JsonObject;
}

/** Reads a description of the interfaces; `name` is that of its file. */
export function readDocument(name: string): Document {
  const text = readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8");
  const content = objectIn(parse(text), name);
  const renamed = JSON.stringify(content).replaceAll('"$ref":"#/', `"$ref":"${name}#/`);
  const named = objectIn(JSON.parse(renamed), name);
  const resolve = (value: unknown): JsonObject => {
    const found = objectIn(value, `a part of ${name}`);
    const { $ref } = found;
    if (typeof $ref !== "string") return found;
    const path = $ref.slice($ref.indexOf("#/") + 2).split("/");
    return resolve(path.reduce<unknown>((part, key) => objectIn(part, $ref)[unescaped(key)], named));
  };
  return { content, named, resolve };
}

/** An object of a document. @throws {TypeError} where it is none */
export function objectIn(value: unknown, what: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw new TypeError(`expected ${what} to be an object, got ${JSON.stringify(value)}`);
}

function unescaped(key: string): string {
  return key.replaceAll("~1", "/").replaceAll("~0", "~");
}

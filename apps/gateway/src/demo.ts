import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isJsonObject, superusers } from "@sluice/protocol";
import type { Settings } from "./settings.ts";
import { signToken } from "./sign-token.ts";

/** What a gateway without Redis starts with, so that it can be tried at once. */
export interface Demo {
  /** The settings, with a secret made for this run where the operator has set no key. */
  readonly settings: Settings;
  /** What to store in the backplane: a JSON text each, by name. None where the operator has collections. */
  readonly collections: ReadonlyMap<string, string>;
  /** A superuser's token for this run; none where the operator has set a key. */
  readonly superuserToken: string | undefined;
}

/** Fills in what a gateway without Redis needs to be tried: a few collections, and a secret made for this run. */
export async function prepareDemo(settings: Settings): Promise<Demo> {
  const collections =
    settings.collectionsFile === undefined ? await readCollections() : new Map<string, string>();
  const { secret: given, jwksUrl, publicKey } = settings.auth;
  if (given !== undefined || jwksUrl !== undefined || publicKey !== undefined) {
    return { settings, collections, superuserToken: undefined };
  }
  const secret = randomBytes(32).toString("hex");
  const auth = { ...settings.auth, secret };
  const { id: collectionId, name: collectionName } = superusers;
  const claims = { id: "demo", collectionId, collectionName, type: "auth" };
  const superuserToken = await signToken(claims, { ...settings.auth, secret, life: "30d" });
  return { settings: { ...settings, auth }, collections, superuserToken };
}

async function readCollections(): Promise<ReadonlyMap<string, string>> {
  const file = new URL("../demo/collections.json", import.meta.url);
  const collections: readonly unknown[] = JSON.parse(await readFile(file, "utf8"));
  return new Map(
    collections
      .filter(isJsonObject)
      .map((collection) => [String(collection["name"]), JSON.stringify(collection)]),
  );
}

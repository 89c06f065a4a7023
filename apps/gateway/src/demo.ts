import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { SignJWT } from "jose";
import type { Settings } from "./settings.ts";

/** What a gateway without Redis starts with, so that it can be tried at once. */
export interface Demo {
  /** The settings, with what was not set filled in. */
  readonly settings: Settings;
  /** A superuser's token for this run; none where the operator has set a key. */
  readonly superuserToken: string | undefined;
}

const demoCollections = fileURLToPath(new URL("../demo/collections.json", import.meta.url));

/** Fills in what a gateway without Redis needs to be tried: a few collections, and a secret made for this run. */
export async function prepareDemo(settings: Settings): Promise<Demo> {
  const collectionsFile = settings.collectionsFile ?? demoCollections;
  const { secret, jwksUrl, publicKey } = settings.auth;
  if (secret !== undefined || jwksUrl !== undefined || publicKey !== undefined) {
    return { settings: { ...settings, collectionsFile }, superuserToken: undefined };
  }
  const made = randomBytes(32).toString("hex");
  const auth = { ...settings.auth, secret: made };
  return {
    settings: { ...settings, collectionsFile, auth },
    superuserToken: await signSuperuser(made, settings.auth),
  };
}

async function signSuperuser(secret: string, { issuer, audience }: Settings["auth"]): Promise<string> {
  const claims = { id: "demo", collectionId: "pbc_3142635823", collectionName: "_superusers", type: "auth" };
  const token = new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "JWT" }).setExpirationTime("30d");
  if (issuer !== undefined) token.setIssuer(issuer);
  if (audience !== undefined) token.setAudience(audience);
  return token.sign(new TextEncoder().encode(secret));
}

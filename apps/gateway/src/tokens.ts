import type { KeyObject } from "node:crypto";
import type { JsonObject } from "@sluice/protocol";
import { createRemoteJWKSet, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from "jose";
import type { AuthSettings } from "./settings.ts";

/** The claims of a good token; a token that is bad, or that cannot be judged now, has none. */
export type TokenVerdict = { readonly claims: JsonObject } | "bad" | "keys-unavailable";

type VerifySignature = (token: string) => Promise<{ readonly payload: JWTPayload }>;

/** Key sets are fetched anew for an unknown key id, at most this often. */
const jwksCooldownMs = 5_000;
const jwksTimeoutMs = 3_000;

const jwksAlgorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

/** Verifies tokens with the configured keys, each only for its own algorithms. */
export class TokenVerifier {
  readonly #bySecret: VerifySignature | undefined;
  readonly #byPublicKey: VerifySignature | undefined;

  constructor({ secret, jwksUrl, publicKey, issuer, audience }: AuthSettings) {
    const expected = {
      ...(issuer === undefined ? {} : { issuer }),
      ...(audience === undefined ? {} : { audience }),
    };
    if (secret !== undefined) {
      const key = new TextEncoder().encode(secret);
      this.#bySecret = (token) => jwtVerify(token, key, { ...expected, algorithms: ["HS256"] });
    }
    if (publicKey !== undefined) {
      const algorithms = algorithmsOf(publicKey);
      this.#byPublicKey = (token) => jwtVerify(token, publicKey, { ...expected, algorithms });
    } else if (jwksUrl !== undefined) {
      this.#byPublicKey = verifyByKeySet(jwksUrl, expected);
    }
  }

  /** Whether any token can be good. */
  get hasKey(): boolean {
    return this.#bySecret !== undefined || this.#byPublicKey !== undefined;
  }

  /** Judges a token: its signature, issuer, audience and times, without leeway. */
  async verify(token: string): Promise<TokenVerdict> {
    try {
      const verify = decodeProtectedHeader(token).alg === "HS256" ? this.#bySecret : this.#byPublicKey;
      if (verify === undefined) return "bad";
      const { payload } = await verify(token);
      // jose lets a token through that says it was issued in the future; PocketBase does not
      return payload.iat !== undefined && payload.iat > Date.now() / 1000 ? "bad" : { claims: payload };
    } catch (error) {
      return isTokenFault(error) ? "bad" : "keys-unavailable";
    }
  }
}

function verifyByKeySet(url: URL, expected: { issuer?: string; audience?: string }): VerifySignature {
  const options = { timeoutDuration: jwksTimeoutMs, cooldownDuration: jwksCooldownMs };
  const keySet = createRemoteJWKSet(url, options);
  const verifyOptions = { ...expected, algorithms: jwksAlgorithms };
  return async (token) => {
    try {
      return await jwtVerify(token, keySet, verifyOptions);
    } catch (error) {
      // a token without a key id may fit several keys of the set while keys are rotated
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      for await (const key of error) {
        const verified = await jwtVerify(token, key, verifyOptions).catch(ignoreBadSignature);
        if (verified !== undefined) return verified;
      }
      throw new errors.JWSSignatureVerificationFailed();
    }
  };
}

function ignoreBadSignature(error: unknown): undefined {
  if (error instanceof errors.JWSSignatureVerificationFailed) return undefined;
  throw error;
}

/** Whether the token is to blame, not the way to the keys. */
function isTokenFault(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return false;
  // jose reports an answer other than 200 from the key set's address as a plain JOSEError
  if (error instanceof errors.JOSEError) return error.code !== errors.JOSEError.code;
  // decodeProtectedHeader throws TypeError for what is no token; so does fetch where there is no network
  return error instanceof TypeError && error.message !== "fetch failed";
}

function algorithmsOf(key: KeyObject): string[] {
  switch (key.asymmetricKeyType) {
    case "rsa":
      return ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
    case "rsa-pss":
      return ["PS256", "PS384", "PS512"];
    case "ec":
      return [ecAlgorithms[key.asymmetricKeyDetails?.namedCurve ?? ""] ?? "ES256"];
    default:
      return ["EdDSA", "Ed25519"];
  }
}

const ecAlgorithms: Readonly<Record<string, string>> = {
  prime256v1: "ES256",
  secp384r1: "ES384",
  secp521r1: "ES512",
};

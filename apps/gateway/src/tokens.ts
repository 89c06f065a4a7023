import type { KeyObject } from "node:crypto";
import type { JsonObject, TokenProof } from "@sluice/protocol";
import {
  createRemoteJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  jwtVerify,
} from "jose";
import type { RecordKey, RecordKeys } from "./record-keys.ts";
import type { AuthSettings } from "./settings.ts";

/** The claims of a good token; a token that is bad, or that cannot be judged now, has none. */
export type TokenVerdict = GoodToken | "bad" | "keys-unavailable";

interface GoodToken {
  readonly claims: JsonObject;
  /** Of a token that its record's own key has verified. */
  readonly proof?: TokenProof;
}

type VerifySignature = (token: string) => Promise<{ readonly payload: JWTPayload }>;

/** Key sets are fetched anew for an unknown key id, at most this often. */
const jwksCooldownMs = 5_000;
const jwksTimeoutMs = 3_000;

const pssAlgorithms = ["PS256", "PS384", "PS512"];
const rsaAlgorithms = ["RS256", "RS384", "RS512", ...pssAlgorithms];
const edwardsAlgorithms = ["EdDSA", "Ed25519"];
const ecAlgorithms: Readonly<Record<string, string>> = {
  prime256v1: "ES256",
  secp384r1: "ES384",
  secp521r1: "ES512",
};
const jwksAlgorithms = [...rsaAlgorithms, ...Object.values(ecAlgorithms), ...edwardsAlgorithms];

/**
 * Verifies tokens, each with the one key that its algorithm and claims select. HS256: the key of the record that it names
 * where its collection has a secret, else the configured secret. Any other algorithm: the configured public keys.
 */
export class TokenVerifier {
  readonly #recordKeys: RecordKeys;
  readonly #bySecret: VerifySignature | undefined;
  readonly #byPublicKey: VerifySignature | undefined;

  constructor({ secret, jwksUrl, publicKey, issuer, audience }: AuthSettings, recordKeys: RecordKeys) {
    this.#recordKeys = recordKeys;
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
    return this.#bySecret !== undefined || this.#byPublicKey !== undefined || this.#recordKeys.hasSecret;
  }

  /** Judges a token: its signature, issuer, audience and times, without leeway. */
  async verify(token: string): Promise<TokenVerdict> {
    try {
      if (decodeProtectedHeader(token).alg !== "HS256") return await verdictBy(this.#byPublicKey, token);
      return await this.#verifyHs256(token, decodeJwt(token));
    } catch (error) {
      return isTokenFault(error) ? "bad" : "keys-unavailable";
    }
  }

  async #verifyHs256(token: string, claims: JWTPayload): Promise<TokenVerdict> {
    // as PocketBase does, before it looks for a key: nobody waits for one who has expired
    if (typeof claims.exp === "number" && claims.exp <= Date.now() / 1000) return "bad";
    for (;;) {
      const key = this.#recordKeys.find(claims);
      if (key === "not-at-hand") return this.#verifyWithoutRow(token);
      const verdict = await this.#verifyBy(key, token);
      if (verdict !== "bad" || !(await this.#recordKeys.hasChanged(claims, key))) return verdict;
    }
  }

  /** The configured secret may have signed it as well. Where it has not, the record's key may: nobody can tell now. */
  async #verifyWithoutRow(token: string): Promise<TokenVerdict> {
    const verdict = await this.#verifyBy(undefined, token);
    return verdict === "bad" ? "keys-unavailable" : verdict;
  }

  /** @param key the record's; nothing for the configured secret */
  async #verifyBy(key: RecordKey | undefined, token: string): Promise<TokenVerdict> {
    try {
      if (key === undefined) return await verdictBy(this.#bySecret, token);
      const verify: VerifySignature = () => jwtVerify(token, key.secret, { algorithms: ["HS256"] });
      const verdict = await verdictBy(verify, token);
      return typeof verdict === "string" ? verdict : { ...verdict, proof: key.proof };
    } catch (error) {
      if (isTokenFault(error)) return "bad";
      throw error;
    }
  }
}

async function verdictBy(verify: VerifySignature | undefined, token: string): Promise<TokenVerdict> {
  if (verify === undefined) return "bad";
  const { payload } = await verify(token);
  // jose lets a token through that says it was issued in the future; PocketBase does not
  return payload.iat !== undefined && payload.iat > Date.now() / 1000 ? "bad" : { claims: payload };
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
      return rsaAlgorithms;
    case "rsa-pss":
      return pssAlgorithms;
    case "ec":
      return [ecAlgorithms[key.asymmetricKeyDetails?.namedCurve ?? ""] ?? "ES256"];
    default:
      return edwardsAlgorithms;
  }
}

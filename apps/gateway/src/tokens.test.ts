import { createPublicKey } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { CollectionSet } from "@sluice/protocol";
import { RecordKeys } from "./record-keys.ts";
import type { AuthSettings } from "./settings.ts";
import { TokenVerifier } from "./tokens.ts";

const secret = "a secret that is long enough for HS256";
const none: AuthSettings = {
  secret: undefined,
  jwksUrl: undefined,
  publicKey: undefined,
  issuer: undefined,
  audience: undefined,
  collection: "users",
};
const claims = { id: "u1", collectionId: "users", type: "auth" };

/** No auth collection has a secret. */
const noRecordKeys = new RecordKeys({
  collections: () => new CollectionSet(),
  rows: { has: () => false, get: () => undefined },
  position: () => "",
  wait: () => Promise.resolve(),
});

const verifierWith = (settings: AuthSettings): TokenVerifier => new TokenVerifier(settings, noRecordKeys);

interface Signing {
  readonly alg?: string;
  readonly kid?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
}

function sign(
  key: Uint8Array | CryptoKey,
  { alg = "HS256", kid, claims: more }: Signing = {},
): Promise<string> {
  const token = new SignJWT({ ...claims, exp: Math.floor(Date.now() / 1000) + 60, ...more });
  return token.setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }) }).sign(key);
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

describe("a secret", () => {
  const verifier = verifierWith({ ...none, secret });

  test("verifies HS256 and returns the claims", async () => {
    expect(await verifier.verify(await sign(bytes(secret)))).toMatchObject({ claims });
  });

  test.each([
    ["another secret", sign(bytes("another secret, also long enough"))],
    ["HS512 with the same secret", sign(bytes(secret.repeat(2)), { alg: "HS512" })],
    ["an expired token", sign(bytes(secret), { claims: { exp: inSeconds(-1) } })],
    ["a token for later", sign(bytes(secret), { claims: { nbf: inSeconds(30) } })],
    ["a token issued in the future", sign(bytes(secret), { claims: { iat: inSeconds(30) } })],
    ["no token at all", Promise.resolve("nonsense")],
    ["three dots", Promise.resolve("...")],
    ["alg none", Promise.resolve(`${btoa('{"alg":"none"}')}.${btoa(JSON.stringify(claims))}.`)],
  ])("refuses %s", async (_what, token) => {
    expect(await verifier.verify(await token)).toBe("bad");
  });

  test("verifies a token without an end", async () => {
    const token = await new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(bytes(secret));
    expect(await verifier.verify(token)).toMatchObject({ claims });
  });
});

test("without any key every token is bad", async () => {
  const verifier = verifierWith(none);
  expect(verifier.hasKey).toBe(false);
  expect(await verifier.verify(await sign(bytes(secret)))).toBe("bad");
});

describe("issuer and audience", () => {
  const verifier = verifierWith({ ...none, secret, issuer: "https://issuer", audience: "app" });

  test.each([
    [{ iss: "https://issuer", aud: "app" }, true],
    [{ iss: "https://issuer", aud: ["other", "app"] }, true],
    [{ iss: "https://issuer" }, false],
    [{ aud: "app" }, false],
    [{ iss: "https://other", aud: "app" }, false],
    [{ iss: "https://issuer", aud: "other" }, false],
  ])("are checked when set: %j is good: %s", async (set, good) => {
    const verdict = await verifier.verify(await sign(bytes(secret), { claims: set }));
    expect(verdict !== "bad").toBe(good);
  });
});

describe("a public key", () => {
  test.each(["RS256", "PS384", "ES256", "ES512", "EdDSA"])(
    "verifies %s and only its own algorithms",
    async (alg) => {
      const pair = await generateKeyPair(alg, { extractable: true });
      const pem = await exportSPKI(pair.publicKey);
      const verifier = verifierWith({ ...none, publicKey: createPublicKey(pem) });
      expect(await verifier.verify(await sign(pair.privateKey, { alg }))).toMatchObject({ claims });
      // who knows the public key could sign with it, were it taken for a secret
      expect(await verifier.verify(await sign(bytes(pem)))).toBe("bad");
      const other = await generateKeyPair(alg === "EdDSA" ? "ES256" : "EdDSA");
      const otherAlg = alg === "EdDSA" ? "ES256" : "EdDSA";
      expect(await verifier.verify(await sign(other.privateKey, { alg: otherAlg }))).toBe("bad");
    },
  );

  test("does not serve HS256 even beside a secret", async () => {
    const pair = await generateKeyPair("RS256", { extractable: true });
    const pem = await exportSPKI(pair.publicKey);
    const verifier = verifierWith({ ...none, secret, publicKey: createPublicKey(pem) });
    expect(await verifier.verify(await sign(bytes(secret)))).toMatchObject({ claims });
    expect(await verifier.verify(await sign(pair.privateKey, { alg: "RS256" }))).toMatchObject({ claims });
    expect(await verifier.verify(await sign(bytes(pem)))).toBe("bad");
  });
});

async function makeKey(kid?: string): Promise<{ jwk: JWK; token: () => Promise<string> }> {
  const pair = await generateKeyPair("ES256", { extractable: true });
  const jwk = { ...(await exportJWK(pair.publicKey)), alg: "ES256", ...(kid === undefined ? {} : { kid }) };
  return {
    jwk,
    token: () => sign(pair.privateKey, { alg: "ES256", ...(kid === undefined ? {} : { kid }) }),
  };
}

describe("a key set", () => {
  let server: Server;
  let jwksUrl: URL;
  let keys: JWK[] = [];
  let status = 200;
  let fetches = 0;
  beforeAll(async () => {
    server = createServer((_request, response) => {
      fetches += 1;
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify({ keys }));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    jwksUrl = new URL(`http://127.0.0.1:${port}/jwks.json`);
  });
  afterEach(() => {
    vi.useRealTimers();
    status = 200;
    fetches = 0;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test("is fetched once and verifies the tokens of all its keys", async () => {
    const [old, current] = [await makeKey("old"), await makeKey("current")];
    keys = [old.jwk, current.jwk];
    const verifier = verifierWith({ ...none, jwksUrl });
    expect(await verifier.verify(await old.token())).toMatchObject({ claims });
    expect(await verifier.verify(await current.token())).toMatchObject({ claims });
    expect(fetches).toBe(1);
  });

  test("is fetched anew for a key id that it does not have, but not for each bad token", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const [old, rotated, foreign] = [await makeKey("a"), await makeKey("b"), await makeKey("c")];
    keys = [old.jwk];
    const verifier = verifierWith({ ...none, jwksUrl });
    expect(await verifier.verify(await old.token())).toMatchObject({ claims });
    keys = [old.jwk, rotated.jwk];
    vi.setSystemTime(Date.now() + 6_000);
    expect(await verifier.verify(await rotated.token())).toMatchObject({ claims });
    expect(await verifier.verify(await old.token())).toMatchObject({ claims });
    expect(fetches).toBe(2);
    for (let attempt = 0; attempt < 10; attempt++) {
      expect(await verifier.verify(await foreign.token())).toBe("bad");
    }
    expect(fetches).toBe(2);
  });

  test("forgets a key that was taken out of it, once it is fetched again", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const [old, current] = [await makeKey("a"), await makeKey("b")];
    keys = [old.jwk, current.jwk];
    const verifier = verifierWith({ ...none, jwksUrl });
    expect(await verifier.verify(await old.token())).toMatchObject({ claims });
    keys = [current.jwk];
    vi.setSystemTime(Date.now() + 11 * 60_000);
    expect(await verifier.verify(await old.token())).toBe("bad");
    expect(await verifier.verify(await current.token())).toMatchObject({ claims });
  });

  test("finds the key of a token without a key id among several", async () => {
    const [first, second, foreign] = [await makeKey(), await makeKey(), await makeKey()];
    keys = [first.jwk, second.jwk];
    const verifier = verifierWith({ ...none, jwksUrl });
    expect(await verifier.verify(await second.token())).toMatchObject({ claims });
    expect(await verifier.verify(await foreign.token())).toBe("bad");
  });

  test("that cannot be had makes no guest of anybody: the keys are unavailable", async () => {
    const key = await makeKey("a");
    keys = [key.jwk];
    status = 500;
    const verifier = verifierWith({ ...none, jwksUrl });
    expect(await verifier.verify(await key.token())).toBe("keys-unavailable");
    expect(await verifier.verify("nonsense")).toBe("bad");
    status = 200;
    expect(await verifier.verify(await key.token())).toMatchObject({ claims });
    const nowhere = verifierWith({ ...none, jwksUrl: new URL("http://127.0.0.1:1/jwks.json") });
    expect(await nowhere.verify(await key.token())).toBe("keys-unavailable");
  });
});

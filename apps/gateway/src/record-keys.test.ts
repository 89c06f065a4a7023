import { createPublicKey } from "node:crypto";
import { CollectionSet, keyMark, parseCollections } from "@sluice/protocol";
import { type CryptoKey, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { RecordKeys } from "./record-keys.ts";
import type { AuthSettings } from "./settings.ts";
import { TokenVerifier } from "./tokens.ts";

const configured = "a configured secret, long enough for HS256";
const tokenKey = "the token key of the record u1";
const authSecret = "the secret of the collection users";

const none: AuthSettings = {
  secret: undefined,
  jwksUrl: undefined,
  publicKey: undefined,
  issuer: undefined,
  audience: undefined,
  collection: "users",
};

const collections = new CollectionSet(
  parseCollections([
    { id: "users_id", name: "users", type: "auth", authToken: { secret: authSecret }, fields: [] },
    { name: "_superusers", type: "auth", authToken: { secret: authSecret }, fields: [] },
    { id: "staff_id", name: "staff", type: "auth", authToken: { duration: 60 }, fields: [] },
    { id: "posts_id", name: "posts", type: "base", authToken: { secret: authSecret }, fields: [] },
  ]).collections,
);

type Rows = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const rows: Rows = {
  "users_id/u1": { id: "u1", tokenKey },
  "users_id/u2": { id: "u2", tokenKey: "another token key" },
  "users_id/keyless": { id: "keyless" },
  "pbc_3142635823/root": { id: "root", tokenKey },
  "staff_id/s1": { id: "s1", tokenKey },
  "posts_id/p1": { id: "p1", tokenKey },
};

/** The rows that are at hand, and what happens while somebody waits. */
interface Place {
  rows: Rows | undefined;
  readonly wait: (ms: number) => Promise<unknown>;
}

function verifierOf(settings: Partial<AuthSettings> = {}, place: Partial<Place> = {}): TokenVerifier {
  const here: Place = { rows, wait: () => Promise.resolve(), ...place };
  return new TokenVerifier({ ...none, ...settings }, keysOf(here));
}

function keysOf(place: Place): RecordKeys {
  return new RecordKeys({
    collections: () => collections,
    rows: {
      has: () => place.rows !== undefined,
      get: (collectionId, id) => place.rows?.[`${collectionId}/${id}`],
    },
    position: () => "5-0",
    wait: place.wait,
  });
}

const notAtHand = { rows: undefined };

type Claims = Readonly<Record<string, unknown>>;

/** PocketBase's claims of the record u1; others override. */
const claimsOf = (more: Claims = {}): Claims => ({
  id: "u1",
  collectionId: "users_id",
  type: "auth",
  refreshable: true,
  exp: Math.floor(Date.now() / 1000) + 60,
  ...more,
});

function sign(claims: Claims, secret = tokenKey + authSecret): Promise<string> {
  return signBy(new TextEncoder().encode(secret), claims, "HS256");
}

function signBy(key: Uint8Array | CryptoKey, claims: Claims, alg: string): Promise<string> {
  return new SignJWT({ ...claims }).setProtectedHeader({ alg, typ: "JWT" }).sign(key);
}

const soon = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

describe("a token of PocketBase's", () => {
  test.each<[what: string, claims: Claims]>([
    ["of a record", {}],
    ["that names its collection by name", { collectionId: "users" }],
    ["of a superuser", { id: "root", collectionId: "pbc_3142635823" }],
    ["that does not expire", { exp: undefined }],
    ["that cannot be refreshed", { refreshable: false }],
  ])("%s is good by its record's key, and says by which", async (_, more) => {
    const claims = claimsOf(more);
    const verdict = await verifierOf().verify(await sign(claims));
    expect(verdict).toEqual({
      claims: JSON.parse(JSON.stringify(claims)),
      proof: { keyMark: keyMark(tokenKey), entry: "5-0" },
    });
  });

  test.each<[what: string, claims: Claims, secret?: string]>([
    ["signed with the token key alone", {}, tokenKey],
    ["signed with the collection's secret alone", {}, authSecret],
    ["signed with secret and key the wrong way round", {}, authSecret + tokenKey],
    ["signed with the configured secret", {}, configured],
    ["of a record that has another token key", { id: "u2" }],
    ["of a record that is not there", { id: "u9" }],
    ["of a record whose row has no token key", { id: "keyless" }, authSecret],
    ["of the record in another collection", { collectionId: "staff_id", id: "s1" }],
    ["of a collection that is no auth collection", { collectionId: "posts_id", id: "p1" }],
    ["of an unknown collection", { collectionId: "nowhere" }],
    ["that is expired", { exp: soon(-1) }],
    ["for later", { nbf: soon(30) }],
    ["issued in the future", { iat: soon(30) }],
    ["whose end is no number", { exp: "soon" }],
    ["of another type", { type: "file" }],
    ["without a type", { type: undefined }],
    ["without an id", { id: undefined }],
    ["whose id is no text", { id: 5 }],
    ["without a collection", { collectionId: undefined }],
  ])("%s is bad", async (_, claims, secret) => {
    expect(await verifierOf({ secret: configured }).verify(await sign(claimsOf(claims), secret))).toBe("bad");
  });

  test("needs neither the issuer nor the audience of the configured keys", async () => {
    const verifier = verifierOf({ secret: configured, issuer: "https://issuer", audience: "app" });
    expect(await verifier.verify(await sign(claimsOf()))).toMatchObject({ claims: { id: "u1" } });
  });

  test("is good by HS256 alone", async () => {
    const key = new TextEncoder().encode((tokenKey + authSecret).repeat(2));
    expect(await verifierOf().verify(await signBy(key, claimsOf(), "HS512"))).toBe("bad");
  });
});

describe("beside the keys of records the configured secret is for", () => {
  test.each<[what: string, claims: Claims]>([
    ["records that have no row", { id: "u9" }],
    ["superusers that have no row", { id: "service", collectionId: "pbc_3142635823" }],
    ["collections without a secret", { id: "s1", collectionId: "staff_id" }],
    ["tokens with an issuer", { iss: "https://issuer" }],
    ["tokens with a subject", { sub: "u1" }],
    ["tokens that name no collection", { collectionId: undefined }],
  ])("%s", async (_, more) => {
    const claims = claimsOf(more);
    const verifier = verifierOf({ secret: configured });
    expect(await verifier.verify(await sign(claims, configured))).toEqual({
      claims: JSON.parse(JSON.stringify(claims)),
    });
    expect(await verifier.verify(await sign(claims))).toBe("bad");
  });
});

test("a public key judges its own algorithms beside the keys of records", async () => {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const verifier = verifierOf({ publicKey: createPublicKey(await exportSPKI(publicKey)) });
  expect(await verifier.verify(await signBy(privateKey, claimsOf(), "ES256"))).toMatchObject({
    claims: { id: "u1" },
  });
  expect(await verifier.verify(await sign(claimsOf()))).toMatchObject({ proof: { entry: "5-0" } });
});

describe("while the rows of a collection with a secret are not at hand", () => {
  test("P5: nobody can tell whether a token is good, and nobody is made a guest for it", async () => {
    for (const settings of [{}, { secret: configured }]) {
      expect(await verifierOf(settings, notAtHand).verify(await sign(claimsOf()))).toBe("keys-unavailable");
    }
  });

  test("the configured secret still verifies its tokens", async () => {
    const verifier = verifierOf({ secret: configured }, notAtHand);
    expect(await verifier.verify(await sign(claimsOf(), configured))).toMatchObject({ claims: { id: "u1" } });
  });

  test("an expired token is bad all the same", async () => {
    expect(await verifierOf({}, notAtHand).verify(await sign(claimsOf({ exp: soon(-1) })))).toBe("bad");
  });
});

describe("a token that comes before its row", () => {
  /** Brings rows while somebody waits for the third time. */
  function arriving(before: Rows, then: Rows | undefined): { place: Place; waits: number[] } {
    const waits: number[] = [];
    const place: Place = {
      rows: before,
      wait: (ms) => {
        if (waits.push(ms) === 3) place.rows = then;
        return Promise.resolve();
      },
    };
    return { place, waits };
  }

  test.each<[what: string, before: Rows]>([
    ["who has just signed up", {}],
    ["who has just changed the password", { "users_id/u1": { id: "u1", tokenKey: "old" } }],
  ])("is good once the row is here: %s", async (_, before) => {
    const { place, waits } = arriving(before, rows);
    const verifier = new TokenVerifier(none, keysOf(place));
    expect(await verifier.verify(await sign(claimsOf()))).toMatchObject({
      proof: { keyMark: keyMark(tokenKey) },
    });
    expect(waits).toHaveLength(3);
  });

  test("is bad when it does not come, after a second", async () => {
    const { place, waits } = arriving({}, {});
    const verifier = new TokenVerifier(none, keysOf(place));
    expect(await verifier.verify(await sign(claimsOf()))).toBe("bad");
    expect(waits.reduce((sum, ms) => sum + ms, 0)).toBe(1_000);
  });

  test("cannot be judged when the rows go meanwhile", async () => {
    const { place } = arriving({}, undefined);
    const verifier = new TokenVerifier(none, keysOf(place));
    expect(await verifier.verify(await sign(claimsOf()))).toBe("keys-unavailable");
  });

  test.each<[what: string, claims: Claims]>([
    ["has expired", { exp: soon(-1) }],
    ["is of a collection without a secret", { collectionId: "staff_id" }],
    ["is none of PocketBase's", { iss: "https://issuer" }],
  ])("is not waited with when it %s", async (_, claims) => {
    const { place, waits } = arriving({}, rows);
    const verifier = new TokenVerifier({ ...none, secret: configured }, keysOf(place));
    expect(await verifier.verify(await sign(claimsOf(claims)))).toBe("bad");
    expect(waits).toEqual([]);
  });

  test("P8: is not waited with by more than a thousand at once", async () => {
    let resume: (() => void) | undefined;
    const hold = new Promise<void>((resolve) => (resume = resolve));
    let waiting = 0;
    const place: Place = { rows: {}, wait: () => (waiting++, hold) };
    const verifier = new TokenVerifier(none, keysOf(place));
    const token = await sign(claimsOf());
    const verdicts = Array.from({ length: 1_001 }, () => verifier.verify(token));
    expect(await Promise.race(verdicts)).toBe("bad");
    expect(waiting).toBe(1_000);
    place.rows = rows;
    resume?.();
    const good = (await Promise.all(verdicts)).filter((verdict) => verdict !== "bad");
    expect(good).toHaveLength(1_000);
  });
});

test("there is a key where an auth collection has a secret", () => {
  expect(verifierOf().hasKey).toBe(true);
});

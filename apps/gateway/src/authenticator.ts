import { type CollectionSet, guest, type Identity, identityOf } from "@sluice/protocol";
import { UnavailableError } from "./unavailable-error.ts";
import type { TokenVerifier } from "./tokens.ts";

/** Tells who sends a request. */
export class Authenticator {
  readonly #verifier: TokenVerifier;
  readonly #authCollection: string;
  readonly #collections: () => CollectionSet;

  /** @param collections the collections as they are now */
  constructor(verifier: TokenVerifier, authCollection: string, collections: () => CollectionSet) {
    this.#verifier = verifier;
    this.#authCollection = authCollection;
    this.#collections = collections;
  }

  /**
   * The identity behind an `Authorization` header: a token, bare or after `Bearer `. A bad, expired or missing token
   * makes a guest.
   * @throws {UnavailableError} where the keys to judge it cannot be had now
   */
  async authenticate(header: string | undefined): Promise<Identity> {
    const token = header?.replace(/^bearer /i, "") ?? "";
    if (token === "") return guest;
    const verdict = await this.#verifier.verify(token);
    if (verdict === "keys-unavailable") throw new UnavailableError("The keys for tokens cannot be read now.");
    if (verdict === "bad") return guest;
    const { claims, proof } = verdict;
    const identity = identityOf(claims, {
      collections: this.#collections(),
      authCollection: this.#authCollection,
    });
    return identity.kind === "guest" || proof === undefined ? identity : { ...identity, proof };
  }
}

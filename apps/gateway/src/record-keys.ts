import {
  type Collection,
  type CollectionSet,
  type JsonObject,
  keyMark,
  type TokenProof,
} from "@sluice/protocol";

/** What the tokens of a record are verified with, and by what they are found good with it. */
export interface RecordKey {
  readonly secret: Uint8Array;
  readonly proof: TokenProof;
}

/** What keys are looked for in. */
export interface RecordKeysContext {
  /** The collections as they are now. */
  readonly collections: () => CollectionSet;
  readonly rows: {
    /** Whether the rows of a collection are at hand. */
    readonly has: (collectionId: string) => boolean;
    readonly get: (collectionId: string, id: string) => JsonObject | undefined;
  };
  /** The entry of the log at which the rows are. */
  readonly position: () => string;
}

/**
 * The keys of PocketBase's own tokens: each auth record has one, of its `tokenKey` and its collection's secret.
 * @see PocketBase core/record_tokens.go
 */
export class RecordKeys {
  readonly #context: RecordKeysContext;

  constructor(context: RecordKeysContext) {
    this.#context = context;
  }

  /** Whether any collection has a secret. */
  get hasSecret(): boolean {
    return [...this.#context.collections()].some(({ authSecret }) => authSecret !== undefined);
  }

  /**
   * Finds the key for a token by what it says of itself, which nobody has verified yet.
   * @returns nothing where it names no record that has a key: then it is none of PocketBase's
   */
  find(claims: JsonObject): RecordKey | "not-at-hand" | undefined {
    const { id, collectionId, type, iss, sub } = claims;
    if (type !== "auth" || typeof id !== "string" || typeof collectionId !== "string") return undefined;
    // PocketBase's tokens have neither: who issues others for a collection of PocketBase's sets one of them
    if (iss !== undefined || sub !== undefined) return undefined;
    const collection = this.#context.collections().find(collectionId);
    return collection?.authSecret === undefined
      ? undefined
      : this.#keyOf(collection, collection.authSecret, id);
  }

  #keyOf(collection: Collection, authSecret: string, id: string): RecordKey | "not-at-hand" | undefined {
    const { rows, position } = this.#context;
    if (!rows.has(collection.id)) return "not-at-hand";
    const tokenKey = rows.get(collection.id, id)?.["tokenKey"];
    if (typeof tokenKey !== "string" || tokenKey === "") return undefined;
    const secret = new TextEncoder().encode(tokenKey + authSecret);
    return { secret, proof: { keyMark: keyMark(tokenKey), entry: position() } };
  }
}

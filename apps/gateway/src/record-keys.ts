import {
  type Collection,
  type CollectionSet,
  type JsonObject,
  keyMark,
  type TokenProof,
} from "@sluice/protocol";

/** How long a token is waited with that its record's key does not fit: the row may be on its way, as the token was. */
const patienceMs = 1_000;

/** The time between two looks. */
const lookMs = 25;

/** Most requests that wait at once; those beyond are judged by what is there. */
const maxWaiting = 1_000;

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
  /** Returns after so many milliseconds. */
  readonly wait: (ms: number) => Promise<unknown>;
}

/** Where the two halves of a key are. */
interface KeyPlace {
  readonly collection: Collection;
  readonly authSecret: string;
  readonly id: string;
}

/**
 * The keys of PocketBase's own tokens: each auth record has one, of its `tokenKey` and its collection's secret.
 * @see PocketBase core/record_tokens.go
 */
export class RecordKeys {
  readonly #context: RecordKeysContext;
  #waiting = 0;

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
    const place = this.#placeOf(claims);
    return place && this.#keyAt(place);
  }

  /**
   * Waits a moment until the record that a token names has another key than the token was judged by: who has just signed
   * up or changed a password has the new token sooner than this node has the row.
   * @param judgedBy the key that did not fit; nothing where the record had none
   * @returns false where it still has that one
   */
  async hasChanged(claims: JsonObject, judgedBy: RecordKey | undefined): Promise<boolean> {
    const place = this.#placeOf(claims);
    if (place === undefined || this.#waiting >= maxWaiting) return false;
    this.#waiting += 1;
    try {
      for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += lookMs) {
        const key = this.#keyAt(place);
        if (key === "not-at-hand" || key?.proof.keyMark !== judgedBy?.proof.keyMark) return true;
        await this.#context.wait(lookMs);
      }
      return false;
    } finally {
      this.#waiting -= 1;
    }
  }

  #placeOf({ id, collectionId, type, iss, sub }: JsonObject): KeyPlace | undefined {
    if (type !== "auth" || typeof id !== "string" || typeof collectionId !== "string") return undefined;
    // PocketBase's tokens have neither: who issues others for a collection of PocketBase's sets one of them
    if (iss !== undefined || sub !== undefined) return undefined;
    const collection = this.#context.collections().find(collectionId);
    const authSecret = collection?.authSecret;
    return collection && authSecret !== undefined ? { collection, authSecret, id } : undefined;
  }

  #keyAt({ collection, authSecret, id }: KeyPlace): RecordKey | "not-at-hand" | undefined {
    const { rows, position } = this.#context;
    if (!rows.has(collection.id)) return "not-at-hand";
    const tokenKey = rows.get(collection.id, id)?.["tokenKey"];
    if (typeof tokenKey !== "string" || tokenKey === "") return undefined;
    const secret = new TextEncoder().encode(tokenKey + authSecret);
    return { secret, proof: { keyMark: keyMark(tokenKey), entry: position() } };
  }
}

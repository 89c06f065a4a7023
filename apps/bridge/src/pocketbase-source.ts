import { isJsonObject, type JsonObject } from "@sluice/protocol";
import PocketBase, { ClientResponseError } from "pocketbase";
import { openRecordStream, type RecordStream, type StreamHandlers } from "./record-stream.ts";
import { isRow, type Row } from "./row.ts";
import { SourceError } from "./source-error.ts";
import { openSteadyStream, pocketBaseLimits, type StreamLimits } from "./steady-stream.ts";

/** How the bridge signs in. */
export type Login = { readonly token: string } | { readonly email: string; readonly password: string };

/** A collection, as much of it as matters here. */
export interface SourceCollection {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly system: boolean;
  /** All that PocketBase says of it. */
  readonly json: JsonObject;
}

/** Rows asked for at once: the most that PocketBase hands out. */
const pageRows = 1_000;

const signInAgainMs = 3_600_000;

/** A request that is not answered so long has failed. */
const answerLimitMs = 30_000;

/** A PocketBase as its superuser sees it, for one session: signed in, it is used until its stream ends. */
export class PocketBaseSource {
  readonly #client: PocketBase;
  readonly #login: Login;
  /** Whether token keys and secrets are known, by PocketBase's hook, so that gateways can verify PocketBase's own tokens. */
  readonly tellsKeys: boolean;
  #signedInMs = performance.now();

  private constructor(client: PocketBase, login: Login, tellsKeys: boolean) {
    this.#client = client;
    this.#login = login;
    this.tellsKeys = tellsKeys;
  }

  /**
   * Signs in as superuser.
   * @throws {SourceError} where PocketBase refuses or cannot be reached
   */
  static async signIn(url: string, login: Login): Promise<PocketBaseSource> {
    const client = new PocketBase(url);
    client.autoCancellation(false);
    client.beforeSend = (address, options) => ({
      url: address,
      options: { ...options, signal: AbortSignal.timeout(answerLimitMs) },
    });
    await signInClient(client, login);
    return new PocketBaseSource(client, login, await hasKeysHook(client));
  }

  /**
   * Signs in again where that was a while ago: PocketBase's tokens end, by default after a day.
   * @throws {SourceError}
   */
  async keepSignedIn(): Promise<void> {
    if (performance.now() - this.#signedInMs < signInAgainMs) return;
    await signInClient(this.#client, this.#login);
    this.#signedInMs = performance.now();
  }

  /** @throws {SourceError} */
  async readCollections(): Promise<readonly SourceCollection[]> {
    const found = await asked("collections", () => this.#client.collections.getFullList({ batch: 500 }));
    const secrets = this.tellsKeys ? await this.#send("/api/sluice/secrets", {}) : {};
    return found.map((collection) => {
      const { id, name, type, system } = collection;
      const secret = secrets[id];
      const authToken = typeof secret === "string" ? { authToken: { secret } } : {};
      return { id, name, type, system, json: { ...collection, ...authToken } };
    });
  }

  /**
   * All rows of a collection, each once, by id: rows that come or go meanwhile may be among them or not.
   * @throws {SourceError}
   */
  async *readRows(collection: SourceCollection): AsyncGenerator<Row> {
    for (let last: string | undefined = ""; last !== undefined;) {
      const filter = this.#client.filter("id > {:last}", { last });
      const { items }: { items: readonly unknown[] } = await asked(`records of ${collection.name}`, () =>
        this.#client
          .collection(collection.name)
          .getList(1, pageRows, { filter: last === "" ? "" : filter, sort: "+id", skipTotal: true }),
      );
      const rows = await this.withKeys(collection, items.filter(isRow));
      yield* rows;
      last = items.length < pageRows ? undefined : rows.at(-1)?.id;
    }
  }

  /**
   * One row as it is now; nothing where it is gone.
   * @throws {SourceError}
   */
  async readRow(collection: SourceCollection, id: string): Promise<Row | undefined> {
    const record: unknown = await asked(`a record of ${collection.name}`, () =>
      this.#client
        .collection(collection.name)
        .getOne(id)
        .catch((error: unknown) => {
          if (error instanceof ClientResponseError && error.status === 404) return undefined;
          throw error;
        }),
    );
    return isRow(record) ? (await this.withKeys(collection, [record]))[0] : undefined;
  }

  /**
   * Adds to rows of an auth collection the token keys that PocketBase tells nobody but its hooks.
   * @throws {SourceError}
   */
  async withKeys(collection: SourceCollection, rows: readonly Row[]): Promise<readonly Row[]> {
    if (!this.tellsKeys || collection.type !== "auth" || rows.length === 0) return rows;
    const ids = rows.map(({ id }) => id);
    const keys = await this.#send("/api/sluice/token-keys", { collection: collection.id, ids });
    return rows.map((row) => {
      const tokenKey = keys[row.id];
      return typeof tokenKey === "string" ? { ...row, tokenKey } : row;
    });
  }

  /**
   * Follows the records of collections; returns when every change from now on is heard.
   * @throws {SourceError}
   */
  follow(
    collections: readonly string[],
    handlers: StreamHandlers,
    limits: StreamLimits = pocketBaseLimits,
  ): Promise<RecordStream> {
    const open = (own: StreamHandlers): Promise<RecordStream> => {
      // a client of its own: two streams may be open at once
      const client = new PocketBase(this.#client.baseURL);
      client.autoCancellation(false);
      client.authStore.save(this.#client.authStore.token);
      return asked("the realtime stream", () => openRecordStream(client, collections, own));
    };
    return openSteadyStream({ open, ...limits }, handlers);
  }

  async #send(path: string, body: JsonObject): Promise<JsonObject> {
    const answer: unknown = await asked(path, () => this.#client.send(path, { method: "POST", body }));
    if (isJsonObject(answer)) return answer;
    throw new SourceError(`expected an object from ${path}, got something else`);
  }
}

async function signInClient(client: PocketBase, login: Login): Promise<void> {
  if ("token" in login) return client.authStore.save(login.token);
  const { email, password } = login;
  await asked("sign-in", () => client.collection("_superusers").authWithPassword(email, password));
}

/** Whether `docs/pocketbase/sluice.pb.js` is among PocketBase's hooks. */
async function hasKeysHook(client: PocketBase): Promise<boolean> {
  try {
    await client.send("/api/sluice/secrets", { method: "POST", body: {} });
    return true;
  } catch (error) {
    if (error instanceof ClientResponseError && error.status === 404) return false;
    throw described("/api/sluice/secrets", error);
  }
}

async function asked<T>(what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw described(what, error);
  }
}

function described(what: string, error: unknown): SourceError {
  if (error instanceof SourceError) return error;
  const isAnswer = error instanceof ClientResponseError && error.status !== 0;
  // the reason is logged from the cause
  const outcome = isAnswer ? `answered ${error.status}` : "did not answer";
  return new SourceError(`${what}: PocketBase ${outcome}`, { cause: error });
}

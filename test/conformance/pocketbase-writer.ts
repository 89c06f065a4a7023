import { isJsonObject, type JsonObject } from "@sluice/protocol";
import { CaseSkipped } from "./case-skipped.ts";
import { describeForPocketBase, emptyValueOf, type PocketBaseCollection } from "./pocketbase-collection.ts";
import type { RecordWriter } from "./record-writer.ts";

const markers = {
  name: "markers",
  type: "base",
  listRule: "",
  viewRule: "",
  fields: [{ name: "text", type: "text" }],
};

const password = "a password of the cases";

interface CaseEvent {
  readonly action: string;
  readonly collection: string;
  readonly record: JsonObject & { readonly id: string };
  readonly before: JsonObject | undefined;
}

/** Writes the cases' events to a real PocketBase, through its REST API and as its superuser. */
export class PocketBaseWriter implements RecordWriter {
  readonly #url: string;
  readonly #token: string;
  readonly #collections = new Map<string, PocketBaseCollection>();
  readonly #refused = new Map<string, string>();
  #last: Promise<unknown> = Promise.resolve();

  private constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  /**
   * Brings the cases' collections about, in place of those of the same names.
   * @param token a superuser's
   */
  static async open(
    url: string,
    token: string,
    collections: readonly { readonly name: string }[],
  ): Promise<PocketBaseWriter> {
    const writer = new PocketBaseWriter(url, token);
    const all = [...collections, markers];
    const bare = all.map((collection) => describeForPocketBase(collection, undefined));
    // emptied first: a collection that another one names cannot be deleted
    for (const collection of bare)
      await writer.#send("PATCH", `/api/collections/${collection.name}`, collection);
    for (const { name } of bare) await writer.#send("DELETE", `/api/collections/${name}`);
    const ids = new Map<string, string>();
    const [related, alone] = [
      all.filter(hasRelations),
      all.filter((collection) => !hasRelations(collection)),
    ];
    for (const collection of related) {
      const bareOne = describeForPocketBase(collection, undefined);
      const { body } = await writer.#send("POST", "/api/collections", bareOne);
      ids.set(collection.name, String(body["id"]));
    }
    for (const collection of alone) {
      const id = await writer.#complete("POST", "/api/collections", describeForPocketBase(collection, ids));
      ids.set(collection.name, id);
    }
    for (const collection of related) {
      const path = `/api/collections/${collection.name}`;
      await writer.#complete("PATCH", path, describeForPocketBase(collection, ids));
    }
    return writer;
  }

  /** @returns the collection's id, or nothing that is one where PocketBase refuses it */
  async #complete(method: string, path: string, collection: PocketBaseCollection): Promise<string> {
    const { name } = collection;
    const { status, body } = await this.#send(method, path, collection);
    const id = String(body["id"]);
    if (status !== 200) this.#refused.set(name, JSON.stringify(body));
    else for (const key of [name, id]) this.#collections.set(key, collection);
    return id;
  }

  alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  marker(text: string): { readonly subscription: string; readonly event: unknown } {
    const event = { collection: "markers", action: "create", record: { id: text, text } };
    return { subscription: `markers/${text}`, event };
  }

  async prepare(events: readonly unknown[]): Promise<void> {
    const seen = new Set<string>();
    for (const event of events) {
      if (isMessage(event)) continue;
      const { action, collection, record, before } = readCaseEvent(event);
      const key = `${collection}/${record.id}`;
      if (seen.has(key)) continue;
      seen.add(key);
      if (action === "create") await this.#send("DELETE", this.#path(collection, record.id));
      else
        await this.#put(collection, action === "update" ? { ...(before ?? record), id: record.id } : record);
    }
  }

  async write(events: readonly unknown[]): Promise<void> {
    for (const event of events) {
      if (isMessage(event)) {
        await this.#sendMessage(event);
        continue;
      }
      const { action, collection, record, before } = readCaseEvent(event);
      if (action === "create") await this.#create(collection, record);
      else if (action === "delete") await this.#delete(collection, record);
      else await this.#update(collection, record, before);
    }
  }

  /** A token of a record, which is created where it is not there. */
  async tokenOf(collection: string, id: string): Promise<string> {
    if (!(await this.#has(collection, id)))
      await this.#create(collection, { id, email: `${id}@example.com` });
    const path = `/api/collections/${this.#find(collection).name}/impersonate/${id}`;
    const { body } = await this.#done("POST", path, { duration: 3_600 });
    return String(body["token"]);
  }

  async removeCollection(name: string): Promise<void> {
    await this.#done("DELETE", `/api/collections/${name}`);
  }

  /** Through the hook of `test/pocketbase/hooks`. */
  async #sendMessage(message: JsonObject): Promise<void> {
    const { status } = await this.#send("POST", "/api/test/messages", message);
    if (status !== 204) throw new CaseSkipped("PocketBase sends custom messages only from its own code");
  }

  async #put(collection: string, record: JsonObject & { readonly id: string }): Promise<void> {
    if (await this.#has(collection, record.id)) await this.#update(collection, record, undefined);
    else await this.#create(collection, record);
  }

  async #create(collection: string, record: JsonObject & { readonly id: string }): Promise<void> {
    const { name, type } = this.#find(collection);
    // what other records relate to is not taken from under them
    if (await this.#has(collection, record.id)) return this.#update(collection, record, undefined);
    const secret = type === "auth" ? { password, passwordConfirm: password } : {};
    const body = { id: record.id, ...(await this.#bodyOf(collection, record)), ...secret };
    await this.#done("POST", `/api/collections/${name}/records`, body);
  }

  async #update(
    collection: string,
    record: JsonObject & { readonly id: string },
    before: JsonObject | undefined,
  ): Promise<void> {
    // a new password brings a new token key, which nobody can set
    const isOther = before !== undefined && before["tokenKey"] !== record["tokenKey"];
    const secret = isOther ? { password: `${password}!`, passwordConfirm: `${password}!` } : {};
    const body = { ...(await this.#bodyOf(collection, record)), ...secret };
    await this.#done("PATCH", this.#path(collection, record.id), body);
  }

  async #delete(collection: string, record: JsonObject & { readonly id: string }): Promise<void> {
    if (!(await this.#has(collection, record.id))) await this.#create(collection, record);
    await this.#done("DELETE", this.#path(collection, record.id));
  }

  /** All fields, since an event has the whole record; what it relates to is created. */
  async #bodyOf(collection: string, record: JsonObject): Promise<JsonObject> {
    const { type, fields } = this.#find(collection);
    const implied =
      type === "auth"
        ? [
            { name: "emailVisibility", type: "bool" },
            { name: "verified", type: "bool" },
          ]
        : [];
    const body: Record<string, unknown> = {};
    for (const field of [...fields, ...implied]) {
      if (field.name === "id") continue;
      const value = record[field.name] ?? emptyValueOf(field);
      // as an object PocketBase would sort its keys; a text is kept as it is
      body[field.name] = field.type === "json" ? JSON.stringify(value) : value;
      if ("collectionId" in field) await this.#relate(field.collectionId ?? "", value);
    }
    return body;
  }

  async #relate(collection: string, ids: unknown): Promise<void> {
    for (const id of [ids].flat()) {
      if (typeof id !== "string" || id === "" || (await this.#has(collection, id))) continue;
      await this.#create(collection, { id, email: `${id}@example.com` });
    }
  }

  async #has(collection: string, id: string): Promise<boolean> {
    return (await this.#send("GET", this.#path(collection, id))).status === 200;
  }

  #path(collection: string, id: string): string {
    return `/api/collections/${this.#find(collection).name}/records/${encodeURIComponent(id)}`;
  }

  #find(collection: string): PocketBaseCollection {
    const found = this.#collections.get(collection);
    if (found !== undefined) return found;
    throw new CaseSkipped(
      `PocketBase refuses the collection ${collection}: ${this.#refused.get(collection)}`,
    );
  }

  async #done(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await this.#send(method, path, body);
    if (answer.status < 300) return answer;
    throw new CaseSkipped(`PocketBase answers ${answer.status} to ${path}: ${JSON.stringify(answer.body)}`);
  }

  async #send(method: string, path: string, body?: unknown): Promise<Answer> {
    const headers = { Authorization: this.#token, "Content-Type": "application/json" };
    const request =
      body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
    const response = await fetch(this.#url + path, request);
    const text = await response.text();
    const json: unknown = text === "" ? {} : JSON.parse(text);
    return { status: response.status, body: isJsonObject(json) ? json : {} };
  }
}

function hasRelations(collection: object): boolean {
  const fields: readonly unknown[] =
    "fields" in collection && Array.isArray(collection.fields) ? collection.fields : [];
  return fields.some((field) => isJsonObject(field) && field["type"] === "relation");
}

interface Answer {
  readonly status: number;
  readonly body: JsonObject;
}

function isMessage(value: unknown): value is JsonObject {
  return isJsonObject(value) && "topic" in value;
}

function readCaseEvent(value: unknown): CaseEvent {
  const { action, collection, record, before } = isJsonObject(value) ? value : {};
  if (!isJsonObject(record) || typeof record["id"] !== "string") {
    throw new TypeError("expected a record event with an id");
  }
  return {
    action: String(action),
    collection: String(collection),
    record: { ...record, id: record["id"] },
    before: isJsonObject(before) ? before : undefined,
  };
}

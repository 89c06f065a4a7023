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
    const ids = new Map<string, string>();
    const all = [...collections, markers];
    // what others relate to comes first, and goes last
    const ordered = all.toSorted((left, right) => rankOf(left) - rankOf(right));
    for (const { name } of ordered.toReversed()) await writer.#send("DELETE", `/api/collections/${name}`);
    for (const collection of ordered) {
      const described = describeForPocketBase(collection, ids);
      const { status, body } = await writer.#send("POST", "/api/collections", described);
      if (status !== 200) writer.#refused.set(collection.name, JSON.stringify(body["data"]));
      else {
        ids.set(collection.name, String(body["id"]));
        writer.#collections.set(collection.name, described);
        writer.#collections.set(String(body["id"]), described);
      }
    }
    return writer;
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
    for (const { action, collection, record, before } of events.map(readCaseEvent)) {
      const key = `${collection}/${record.id}`;
      if (seen.has(key)) continue;
      seen.add(key);
      if (action === "create") await this.#send("DELETE", this.#path(collection, record.id));
      else
        await this.#put(collection, action === "update" ? { ...(before ?? record), id: record.id } : record);
    }
  }

  async write(events: readonly unknown[]): Promise<void> {
    for (const { action, collection, record, before } of events.map(readCaseEvent)) {
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

  async #put(collection: string, record: JsonObject & { readonly id: string }): Promise<void> {
    if (await this.#has(collection, record.id)) await this.#update(collection, record, undefined);
    else await this.#create(collection, record);
  }

  async #create(collection: string, record: JsonObject & { readonly id: string }): Promise<void> {
    const { name, type } = this.#find(collection);
    await this.#send("DELETE", this.#path(collection, record.id));
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

/** Auth records are what others relate to. */
function rankOf(collection: object): number {
  return "type" in collection && collection.type === "auth" ? 0 : 1;
}

interface Answer {
  readonly status: number;
  readonly body: JsonObject;
}

function readCaseEvent(value: unknown): CaseEvent {
  if (isJsonObject(value) && "topic" in value) {
    throw new CaseSkipped("PocketBase sends custom messages only from its own code");
  }
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

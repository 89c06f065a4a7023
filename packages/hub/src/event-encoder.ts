import type { Collection, Identity, RecordEvent } from "@sluice/protocol";
import { encodeRecord, type View, viewOf } from "./view.ts";

/** Encodes one record event, once per view. */
export class EventEncoder {
  readonly #collection: Collection;
  readonly #event: RecordEvent;
  readonly #encoded = new Map<View, string>();

  constructor(collection: Collection, event: RecordEvent) {
    this.#collection = collection;
    this.#event = event;
  }

  /** The view that an identity has of the event's record, and whoever passes the collection's manage rule. */
  viewOf(identity: Identity, isManager = false): View {
    const view = viewOf(this.#collection, this.#event.record, identity);
    return isManager && view === "public" ? "with-email" : view;
  }

  /** The data line of a frame, `record` before `action` as PocketBase writes it. */
  encode(view: View): string {
    const known = this.#encoded.get(view);
    if (known !== undefined) return known;
    const { action, record } = this.#event;
    const data = `{"record":${encodeRecord(this.#collection, record, view)},"action":"${action}"}`;
    this.#encoded.set(view, data);
    return data;
  }
}

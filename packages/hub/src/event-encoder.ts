import { type Collection, encodeSortedJson, type Identity, type RecordEvent } from "@sluice/protocol";
import type { ExpandView } from "./expansion.ts";
import type { FieldPicker } from "./field-picker.ts";
import { encodeExport, exportRecord, type View, viewOf } from "./view.ts";

/** Encodes one record event, whole records once per view. */
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

  /**
   * The data line of a frame, `record` before `action` as PocketBase writes it.
   * @param pickFields what the subscriber asked for of the record; nothing for all of it
   * @param expand what is expanded in it
   */
  encode(view: View, pickFields?: FieldPicker, expand?: ExpandView): string {
    // what one string asks for is encoded once for all who get the same of it: the shares see to that
    if (pickFields !== undefined || expand !== undefined) return this.#encode(view, pickFields, expand);
    const data = this.#encoded.get(view) ?? this.#encode(view);
    this.#encoded.set(view, data);
    return data;
  }

  #encode(view: View, pickFields?: FieldPicker, expand?: ExpandView): string {
    const exported = exportRecord(this.#collection, this.#event.record, view);
    const record =
      pickFields === undefined
        ? encodeExport(exported, expand?.encode())
        : encodeSortedJson(pickFields(expand ? { ...exported, expand: expand.toJson() } : exported));
    return `{"record":${record},"action":"${this.#event.action}"}`;
  }
}

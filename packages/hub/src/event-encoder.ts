import { type Collection, encodeSortedJson, type Identity, type RecordEvent } from "@sluice/protocol";
import type { ExpandView } from "./expansion.ts";
import type { FieldPicker } from "./field-picker.ts";
import { encodeExport, exportRecord, type View, viewOf } from "./view.ts";

/** Encodes one record event, once per view and choice of fields. */
export class EventEncoder {
  readonly #collection: Collection;
  readonly #event: RecordEvent;
  readonly #encoded = new Map<FieldPicker | undefined, Map<View, string>>();

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
    return expand === undefined
      ? this.#encodeOnce(view, pickFields)
      : this.#encodeExpanded(view, pickFields, expand);
  }

  #encodeOnce(view: View, pickFields: FieldPicker | undefined): string {
    const encoded = this.#encoded.get(pickFields) ?? new Map<View, string>();
    const known = encoded.get(view);
    if (known !== undefined) return known;
    const exported = exportRecord(this.#collection, this.#event.record, view);
    const text = pickFields === undefined ? encodeExport(exported) : encodeSortedJson(pickFields(exported));
    const data = this.#dataOf(text);
    this.#encoded.set(pickFields, encoded.set(view, data));
    return data;
  }

  /** Once for all who get the same of one string: the matcher sees to that. */
  #encodeExpanded(view: View, pickFields: FieldPicker | undefined, expand: ExpandView): string {
    const exported = exportRecord(this.#collection, this.#event.record, view);
    return this.#dataOf(
      pickFields === undefined
        ? encodeExport(exported, expand.encode())
        : encodeSortedJson(pickFields({ ...exported, expand: expand.toJson() })),
    );
  }

  #dataOf(record: string): string {
    return `{"record":${record},"action":"${this.#event.action}"}`;
  }
}

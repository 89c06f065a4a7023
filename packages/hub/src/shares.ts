import type { Client } from "./client.ts";
import type { EventEncoder } from "./event-encoder.ts";
import type { ExpandView } from "./expansion.ts";
import type { FieldPicker } from "./field-picker.ts";
import type { Share } from "./match.ts";
import type { View } from "./view.ts";

/** One data line, and for whom it is written. */
interface KnownShare extends Share {
  readonly view: View;
  readonly expand: ExpandView | undefined;
}

/** Who gets what of one event under one string: what is the same is encoded once. */
export class Shares {
  readonly #encoder: EventEncoder;
  readonly #pickFields: FieldPicker | undefined;
  readonly #known = new Map<ExpandView | undefined, Map<View, KnownShare>>();
  readonly #all: Share[] = [];
  /** Clients who get the same come one behind the other. */
  #last: KnownShare | undefined;

  constructor(encoder: EventEncoder, pickFields: FieldPicker | undefined) {
    this.#encoder = encoder;
    this.#pickFields = pickFields;
  }

  get all(): readonly Share[] {
    return this.#all;
  }

  add(client: Client, view: View, expand: ExpandView | undefined): void {
    if (this.#last?.view !== view || this.#last.expand !== expand) this.#last = this.#find(view, expand);
    this.#last.clients.push(client);
  }

  /** Adds clients who all get the same. */
  addAll(clients: Iterable<Client>, view: View): void {
    const share = this.#find(view, undefined);
    for (const client of clients) share.clients.push(client);
  }

  #find(view: View, expand: ExpandView | undefined): KnownShare {
    const byView = this.#known.get(expand) ?? new Map<View, KnownShare>();
    this.#known.set(expand, byView);
    const known = byView.get(view);
    if (known !== undefined) return known;
    const data = this.#encoder.encode(view, this.#pickFields, expand);
    const share: KnownShare = { view, expand, data, clients: [] };
    byView.set(view, share);
    this.#all.push(share);
    return share;
  }
}

import { type AuthRecord, type Identity, identityKey, type JsonObject } from "@sluice/protocol";
import type { DenialReason } from "./access.ts";
import type { Expanded } from "./expanded-row.ts";

/** Why a path of an `expand` brings nothing. */
export interface ExpandFailure {
  readonly reason: DenialReason;
  readonly message: string;
}

/** What an `expand` brings one subscriber: the value of the record's `expand` key. */
export interface ExpandView {
  /** Its JSON, on one line. */
  readonly encode: () => string;
  readonly toJson: () => JsonObject;
}

/** Auth records, by collection id and their own. */
export type Owners = Map<string, Set<string>>;

/** What an `expand` brings an audience. */
export class Expansion {
  /** Those of the paths that bring nothing. */
  readonly failures: readonly ExpandFailure[];
  readonly #expanded: Expanded | undefined;
  readonly #owners: Owners;
  readonly #ownViews = new Map<string, ExpandView>();

  /**
   * @param expanded nothing where no path succeeds: there is no `expand` key then
   * @param owners the auth records in it whose e-mail address is left out, but for themselves
   */
  constructor(failures: readonly ExpandFailure[], expanded?: Expanded, owners: Owners = new Map()) {
    this.failures = failures;
    this.#expanded = expanded;
    this.#owners = owners;
  }

  /** What it brings one of the audience: the same object for all but those whose own e-mail address is in it. */
  viewFor(identity: Identity): ExpandView | undefined {
    const isOwner =
      identity.kind === "record" && this.#owners.get(identity.collectionId)?.has(identity.id) === true;
    return isOwner && this.#expanded !== undefined ? this.#ownView(this.#expanded, identity) : this.#expanded;
  }

  #ownView(expanded: Expanded, owner: AuthRecord): ExpandView {
    const key = identityKey(owner);
    const view = this.#ownViews.get(key) ?? {
      encode: () => expanded.encode(owner),
      toJson: () => expanded.toJson(owner),
    };
    this.#ownViews.set(key, view);
    return view;
  }
}

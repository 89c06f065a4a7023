import { type Identity, identityKey, type JsonObject } from "@sluice/protocol";
import type { DenialReason } from "./access.ts";
import type { Expanded } from "./expanded-row.ts";

/** Why a path of an `expand` brings nothing. */
export interface ExpandFailure {
  readonly reason: DenialReason;
  readonly message: string;
}

/** What an `expand` brings one subscriber: the value of the record's `expand` key. */
export interface ExpandView {
  /** Equal for all of an event and a string who are brought the same. */
  readonly key: string;
  readonly encode: () => string;
  readonly toJson: () => JsonObject;
}

/** What an `expand` brings an audience. */
export class Expansion {
  /** Those of the paths that bring nothing. */
  readonly failures: readonly ExpandFailure[];
  readonly #expanded: Expanded | undefined;
  /** See `ownerKeyOf`: of the auth records among the rows whose e-mail nobody sees but they themselves. */
  readonly #owners: ReadonlySet<string>;
  readonly #common: ExpandView | undefined;

  /** @param expanded nothing where no path succeeds: there is no `expand` key then */
  constructor(
    failures: readonly ExpandFailure[],
    expanded?: Expanded,
    owners: ReadonlySet<string> = new Set(),
  ) {
    this.failures = failures;
    this.#expanded = expanded;
    this.#owners = owners;
    this.#common = expanded && viewOf(expanded, undefined);
  }

  /** What it brings one of the audience: the same as all, but for its own e-mail address. */
  viewFor(identity: Identity): ExpandView | undefined {
    if (this.#owners.size === 0 || this.#expanded === undefined) return this.#common;
    const owner = identityKey(identity);
    return this.#owners.has(owner) ? viewOf(this.#expanded, owner) : this.#common;
  }
}

function viewOf(expanded: Expanded, owner: string | undefined): ExpandView {
  return {
    key: `${expanded.number}\n${owner ?? ""}`,
    encode: () => expanded.encode(owner),
    toJson: () => expanded.toJson(owner),
  };
}

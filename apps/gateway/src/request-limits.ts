import type { IncomingMessage } from "node:http";
import { type ErrorAnswer, type Identity, identityKey } from "@sluice/protocol";
import { clientAddress, networkOf } from "./client-address.ts";
import type { LimitSettings } from "./settings.ts";
import type { SharedCounts } from "./shared-counts.ts";

/** The answer to who would have more streams than its address or identity may. */
export const tooManyStreams: ErrorAnswer = {
  status: 429,
  message: "Too many realtime streams.",
  retryAfterSeconds: 2,
};

/** What request limits are made with. */
export interface RequestLimitsContext {
  readonly settings: LimitSettings;
  readonly trustedProxyHeader: string | undefined;
  readonly counts: SharedCounts;
  readonly onRefused: (reason: "address_rate" | "identity_rate" | "address_streams") => void;
}

/** What one address and one identity may ask for. Every limit that is 0 is none. */
export class RequestLimits {
  readonly #context: RequestLimitsContext;
  readonly #streams = new Map<string, number>();

  constructor(context: RequestLimitsContext) {
    this.#context = context;
  }

  /**
   * Counts a request, unless its address has sent too many.
   * @returns the refusal
   */
  refuseRequest(request: IncomingMessage): ErrorAnswer | undefined {
    const { settings } = this.#context;
    const counted = countedAs(request);
    if (counted === undefined) return undefined;
    const most = counted === "connects" ? settings.addressConnectsPerMinute : settings.addressPostsPerMinute;
    return most === 0
      ? undefined
      : this.#refuse(`${counted} ${this.#networkOf(request)}`, most, "address_rate");
  }

  /**
   * Counts a POST of an identity, unless it has sent too many. Guests are not one identity, and superusers are trusted.
   * @returns the refusal
   */
  refuseIdentity(identity: Identity): ErrorAnswer | undefined {
    const most = this.#context.settings.identityPostsPerMinute;
    if (most === 0 || identity.kind !== "record") return undefined;
    return this.#refuse(`identity ${identityKey(identity)}`, most, "identity_rate");
  }

  /**
   * Counts a stream of this node, unless its address has as many as it may.
   * @returns to be called when it is over; nothing where there are too many
   */
  enterStream(request: IncomingMessage): (() => void) | undefined {
    const most = this.#context.settings.maxStreamsPerAddress;
    if (most === 0) return () => undefined;
    // a copy: a part of a header would keep all of that in memory for the stream's life
    const network = Buffer.from(this.#networkOf(request)).toString();
    const count = this.#streams.get(network) ?? 0;
    if (count >= most) {
      this.#context.onRefused("address_streams");
      return undefined;
    }
    this.#streams.set(network, count + 1);
    return () => this.#leaveStream(network);
  }

  #leaveStream(network: string): void {
    const count = (this.#streams.get(network) ?? 0) - 1;
    if (count > 0) this.#streams.set(network, count);
    else this.#streams.delete(network);
  }

  #refuse(name: string, most: number, reason: "address_rate" | "identity_rate"): ErrorAnswer | undefined {
    const retryAfterSeconds = this.#context.counts.take(name, most);
    if (retryAfterSeconds === 0) return undefined;
    this.#context.onRefused(reason);
    return { status: 429, message: "Too Many Requests.", retryAfterSeconds };
  }

  #networkOf(request: IncomingMessage): string {
    return networkOf(clientAddress(request, this.#context.trustedProxyHeader));
  }
}

/** The platform asks for these as often as it likes, and the last one is only for superusers. */
const uncounted = new Set(["/livez", "/readyz", "/metrics", "/api/health", "/api/realtime/publish"]);

/** Every other path counts: routes are found by more than one spelling. */
function countedAs({ method, url = "" }: IncomingMessage): "connects" | "posts" | undefined {
  const [path = ""] = url.split("?", 1);
  if (method === "OPTIONS" || uncounted.has(path)) return undefined;
  return method === "POST" ? "posts" : "connects";
}

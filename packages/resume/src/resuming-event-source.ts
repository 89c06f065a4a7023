import { KeptCursors } from "./kept-cursors.ts";

/** What `@resume` says: whether all that was missed has come, and how many events that were. */
export interface ResumeOutcome {
  readonly resumed: boolean;
  readonly replayed?: number;
}

export interface ResumeOptions {
  /** Called when a source has offered a cursor: where `resumed` is false, events were missed and have to be fetched. */
  readonly onResume?: (outcome: ResumeOutcome) => void;
  /** A clock that never goes back. */
  readonly nowMs?: () => number;
}

/** What of `EventSource` is built upon: the browsers', Node's own, or that of the package `eventsource`. */
interface Source {
  readonly readyState: number;
  close(): void;
  addEventListener(type: string, listener: Listener, options?: ListenerOptions): void;
}

type SourceClass = new (url: string | URL, init?: never) => Source;
type Listener = (event: never) => void;
type ListenerOptions = never;

interface Heard {
  readonly lastEventId?: unknown;
  readonly data?: unknown;
}

/** As a log entry's id, perhaps with a place inside the entry; a client id is not. */
const cursorPattern = /^\d+-\d+(\.[0-9a-z]+)?$/;

const connecting = 0;
const closed = 2;

/** How long the SDK waits for the answer to its first POST; where none comes, it closes a source that is well. */
const answerMs = 15_000;

/**
 * Makes an `EventSource` that begins where the one before it on the same URL has ended. The PocketBase SDK makes a new
 * one after every cut, and with it would forget where it was.
 * @param Base whose connection is used
 * @throws {TypeError} where there is no `EventSource`
 */
export function resumingEventSource<Base = typeof globalThis.EventSource>(
  // a stranger's class is only known by what it does
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  Base: Base = globalThis.EventSource as Base,
  { onResume, nowMs = () => performance.now() }: ResumeOptions = {},
): Base {
  if (typeof Base !== "function") {
    throw new TypeError(
      `expected an EventSource class, got ${Base === null ? "null" : typeof Base}: pass one, or set globalThis.EventSource`,
    );
  }
  const kept = new KeptCursors(nowMs);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  class ResumingEventSource extends (Base as unknown as SourceClass) {
    readonly #url: string;
    #cursor: string;
    /** Until when what lies behind the cursor may still be to come. */
    #owedUntilMs: number;

    constructor(url: string | URL, init?: never) {
      const { address, cursor } = parseUrl(String(url));
      const offered = kept.take(address) || cursor;
      super(`${address}${address.includes("?") ? "&" : "?"}lastEventId=${offered}`, init);
      this.#url = address;
      this.#cursor = offered;
      this.#owedUntilMs = offered === "" ? 0 : Number.POSITIVE_INFINITY;
      for (const type of ["message", "PB_CONNECT", "@cursor", "@conflated", "@resume"]) this.#listen(type);
      super.addEventListener("@resume", (event: Heard) => this.#hearOutcome(event));
      super.addEventListener("error", () => this.#fail());
    }

    override addEventListener(type: string, listener: Listener, options?: ListenerOptions): void {
      this.#listen(type);
      super.addEventListener(type, listener, options);
    }

    override close(): void {
      const isWell = this.readyState !== connecting;
      // an end without need ends what there is to resume
      if (!isWell || nowMs() < this.#owedUntilMs) this.#hand({ isDoubtful: isWell });
      super.close();
    }

    /**
     * Hears events of a name from now on, in front of all other listeners: none of them can keep an event from here, and
     * nothing can come between them.
     */
    #listen(type: string): void {
      super.addEventListener(type, this.#hear);
    }

    readonly #hear = ({ lastEventId }: Heard): void => {
      if (typeof lastEventId === "string" && cursorPattern.test(lastEventId)) this.#cursor = lastEventId;
    };

    #hearOutcome({ data }: Heard): void {
      this.#owedUntilMs = Math.min(this.#owedUntilMs, nowMs() + answerMs);
      onResume?.(parseOutcome(String(data)));
    }

    #fail(): void {
      // one that does not connect again by itself may be left without a close
      if (this.readyState === closed) this.#hand({ isDoubtful: false });
    }

    /** Leaves the cursor to the successor, once. */
    #hand({ isDoubtful }: { readonly isDoubtful: boolean }): void {
      if (this.#cursor !== "") kept.give(this.#url, { cursor: this.#cursor, isDoubtful });
      this.#cursor = "";
    }
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return ResumingEventSource as unknown as Base;
}

/**
 * Takes a URL apart. An empty cursor in it says that one is kept here: nobody has to take care of this client when its
 * stream ends.
 */
function parseUrl(url: string): { readonly address: string; readonly cursor: string } {
  const [sent = ""] = url.split("#");
  const [path = "", ...rest] = sent.split("?");
  const fields = rest.length === 0 ? [] : rest.join("?").split("&");
  const query = fields.filter((field) => !isCursor(field)).join("&");
  const [, cursor = ""] = fields.find(isCursor)?.split("=") ?? [];
  return { address: query === "" ? path : `${path}?${query}`, cursor };
}

function isCursor(field: string): boolean {
  return field.startsWith("lastEventId=");
}

function parseOutcome(text: string): ResumeOutcome {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    // nobody is to believe that nothing was missed
    return { resumed: false };
  }
  if (typeof said !== "object" || said === null || !("resumed" in said) || said.resumed !== true) {
    return { resumed: false };
  }
  if (!("replayed" in said) || typeof said.replayed !== "number") return { resumed: true };
  return { resumed: true, replayed: said.replayed };
}

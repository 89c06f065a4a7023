import { KeptCursors } from "./kept-cursors.ts";

/** What `@resume` says: whether all that was missed has come, and how many events that were. */
export interface ResumeOutcome {
  readonly resumed: boolean;
  readonly replayed?: number;
}

export interface ResumeOptions {
  /** Called when a source has offered a cursor: where `resumed` is false, events were missed and have to be fetched. */
  readonly onResume?: (outcome: ResumeOutcome) => void;
}

/** What of `EventSource` is built upon: the browsers', Node's own, or that of the package `eventsource`. */
interface Source {
  readonly readyState: number;
  close(): void;
  addEventListener(type: string, listener: Listener, options?: ListenerOptions): void;
  removeEventListener(type: string, listener: Listener, options?: ListenerOptions): void;
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

const open = 1;
const closed = 2;

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
  { onResume }: ResumeOptions = {},
): Base {
  if (typeof Base !== "function") {
    throw new TypeError(
      `expected an EventSource class, got ${typeof Base}: pass one, or set globalThis.EventSource`,
    );
  }
  const kept = new KeptCursors();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  class ResumingEventSource extends (Base as unknown as SourceClass) {
    readonly #url: string;
    #cursor: string;
    /** Whether what lies behind the cursor is still to come. */
    #isOwed: boolean;
    #hasFailed = false;
    #isOver = false;

    constructor(url: string | URL, init?: never) {
      const offered = kept.take(String(url));
      super(withCursor(String(url), offered), init);
      this.#url = String(url);
      this.#cursor = offered;
      this.#isOwed = offered !== "";
      for (const type of ["message", "PB_CONNECT", "@cursor", "@conflated"]) this.#listen(type);
      super.addEventListener("@resume", (event: Heard) => this.#hearOutcome(event));
      super.addEventListener("open", () => (this.#hasFailed = false));
      super.addEventListener("error", () => this.#fail());
    }

    override addEventListener(type: string, listener: Listener, options?: ListenerOptions): void {
      super.addEventListener(type, listener, options);
      if (type !== "open" && type !== "error" && type !== "@resume") this.#listen(type);
    }

    override close(): void {
      // an end without need ends what there is to resume
      if (this.#hasFailed || this.#isOwed || this.readyState !== open) this.#hand();
      this.#isOver = true;
      super.close();
    }

    /** Hears an event behind all other listeners: it counts when they have had it. */
    #listen(type: string): void {
      super.removeEventListener(type, this.#hear);
      super.addEventListener(type, this.#hear);
    }

    readonly #hear = ({ lastEventId }: Heard): void => {
      if (typeof lastEventId === "string" && cursorPattern.test(lastEventId)) this.#cursor = lastEventId;
    };

    #hearOutcome(event: Heard): void {
      this.#hear(event);
      this.#isOwed = false;
      onResume?.(JSON.parse(String(event.data)));
    }

    #fail(): void {
      this.#hasFailed = true;
      // one that does not connect again by itself may be left without a close
      if (this.readyState === closed) this.#hand();
    }

    /** Leaves the cursor to the successor, once. */
    #hand(): void {
      if (!this.#isOver && this.#cursor !== "") kept.give(this.#url, this.#cursor);
      this.#isOver = true;
    }
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return ResumingEventSource as unknown as Base;
}

/** An empty cursor says that one is kept here: nobody has to take care of this client when its stream ends. */
function withCursor(url: string, cursor: string): string {
  const [path = "", ...fragment] = url.split("#");
  const query = `${path.includes("?") ? "&" : "?"}lastEventId=${encodeURIComponent(cursor)}`;
  return [path + query, ...fragment].join("#");
}

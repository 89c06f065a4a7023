import { EventEmitter, once } from "node:events";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { ask, type ProbeAnswer, type ProbeTarget } from "./probe.ts";

// frames of the probe are short; a stream of something else may be anything
const maxFrameCharacters = 16 * 1024;

/** A stream through the proxy, with the times at which things came. */
export class ProbeStream {
  readonly answer: ProbeAnswer;
  readonly openedAt = performance.now();
  #lastByteAt = this.openedAt;
  #longestGapMs = 0;
  #endedAt: number | undefined;
  #connect: EventSourceMessage | undefined;
  #oneShots = 0;
  readonly #changes = new EventEmitter();
  readonly #parser = createParser({
    maxBufferSize: maxFrameCharacters,
    onEvent: (event) => {
      if (event.event === "PB_CONNECT") this.#connect = event;
      if (event.event === "@oauth2") this.#oneShots += 1;
    },
    onError: ({ type }) => {
      if (type === "max-buffer-size-exceeded") this.#parser.reset();
    },
  });

  private constructor(answer: ProbeAnswer) {
    this.answer = answer;
    answer.body.setEncoding("utf8");
    answer.body.on("data", (text: string) => this.#take(text));
    answer.body.on("close", () => this.#end());
    if (answer.body.closed) this.#end();
  }

  /**
   * @param encodings for `Accept-Encoding`
   * @throws {ProbeError} where no head comes
   */
  static async open(target: ProbeTarget, encodings: string): Promise<ProbeStream> {
    const headers = { accept: "text/event-stream", "accept-encoding": encodings };
    return new ProbeStream(await ask(target, { method: "GET", path: "/api/realtime", headers }));
  }

  /** Empty until `PB_CONNECT` is here. */
  get clientId(): string {
    return this.#connect?.id ?? "";
  }

  /** Whether the first frame tells a place in the log, as PocketBase's does not. */
  get tellsCursor(): boolean {
    return this.#connect?.data.includes('"cursor":') ?? false;
  }

  /** How it is compressed; empty where it is not. */
  get encoding(): string {
    return this.answer.header("content-encoding");
  }

  /** How many of the frames came that the probe had sent to itself. */
  get oneShots(): number {
    return this.#oneShots;
  }

  get ended(): boolean {
    return this.#endedAt !== undefined;
  }

  /** Whether it ended as HTTP has it, and was not broken off. */
  get endedInOrder(): boolean {
    return this.ended && !this.answer.body.readableAborted;
  }

  get ageMs(): number {
    return (this.#endedAt ?? performance.now()) - this.openedAt;
  }

  /** Since the last byte. */
  get silenceMs(): number {
    return (this.#endedAt ?? performance.now()) - this.#lastByteAt;
  }

  /** The longest silence behind which something came. */
  get longestGapMs(): number {
    return this.#longestGapMs;
  }

  /** Waits until something holds, looked at whenever bytes come. @returns whether it did before time or stream were over */
  async waitFor(holds: () => boolean, withinMs: number): Promise<boolean> {
    const signal = AbortSignal.timeout(Math.max(0, Math.ceil(withinMs)));
    while (!holds() && !this.ended && !signal.aborted) {
      // what is thrown at the end of the time is seen in the signal
      await once(this.#changes, "change", { signal }).catch(() => undefined);
    }
    return holds();
  }

  close(): void {
    this.answer.close();
  }

  #end(): void {
    this.#endedAt ??= performance.now();
    this.#changes.emit("change");
  }

  #take(text: string): void {
    const nowMs = performance.now();
    this.#longestGapMs = Math.max(this.#longestGapMs, nowMs - this.#lastByteAt);
    this.#lastByteAt = nowMs;
    this.#parser.feed(text);
    this.#changes.emit("change");
  }
}

import type { ServerResponse } from "node:http";
import { heartbeat } from "@sluice/protocol";
import type { ClientSink } from "@sluice/hub";

/** After the first POST was applied, its answer may still be under way to the client. */
const answerMs = 500;

/** How long an SDK waits for its first POST before it gives the stream up. */
const firstPostMs = 15_000;

/** What a stream reports of its end. */
export interface StreamContext {
  readonly maxOutboxBytes: number;
  readonly nowMs: () => number;
  /** Called once when a stream was cut because its reader is too slow. */
  readonly onCut: (reason: "outbox" | "stalled") => void;
}

/**
 * The response of one GET: bytes to a client. Knows since when it is open, quiet or stalled, and when it may be ended
 * without harm.
 */
export class Stream implements ClientSink {
  readonly clientId: string;
  /** When the stream's life ends, or infinity. */
  readonly deadlineMs: number;
  readonly #response: ServerResponse;
  readonly #context: StreamContext;
  readonly #openedMs: number;
  #lastFrameMs: number;
  #stalledSinceMs: number | undefined;
  #subscribedMs: number | undefined;

  constructor(clientId: string, response: ServerResponse, life: { lifeMs: number; context: StreamContext }) {
    this.clientId = clientId;
    this.#response = response;
    this.#context = life.context;
    this.#openedMs = life.context.nowMs();
    this.#lastFrameMs = this.#openedMs;
    this.deadlineMs = this.#openedMs + life.lifeMs;
    response.on("drain", () => (this.#stalledSinceMs = undefined));
  }

  /** When the last frame was written; heartbeats do not count. */
  get lastFrameMs(): number {
    return this.#lastFrameMs;
  }

  /** Since when the reader takes no bytes, if it does not. */
  get stalledSinceMs(): number | undefined {
    return this.#stalledSinceMs;
  }

  /** Notes that a POST for this client was applied; the first one counts. */
  markSubscribed(): void {
    this.#subscribedMs ??= this.#context.nowMs();
  }

  /**
   * Whether the stream may be ended politely. Between `PB_CONNECT` and the answer to its first POST an end would leave
   * an SDK disconnected for good.
   */
  mayEnd(): boolean {
    const nowMs = this.#context.nowMs();
    return this.#subscribedMs === undefined
      ? nowMs - this.#openedMs > firstPostMs
      : nowMs - this.#subscribedMs > answerMs;
  }

  write(frames: readonly Uint8Array[]): void {
    this.#lastFrameMs = this.#context.nowMs();
    this.#response.cork();
    for (const frame of frames) this.#send(frame);
    this.#response.uncork();
  }

  beat(): void {
    this.#send(heartbeat);
  }

  end(): void {
    this.#response.end();
  }

  /** Ends the stream at once and drops what it has not taken. */
  cut(reason: "outbox" | "stalled"): void {
    if (this.#response.destroyed) return;
    this.#context.onCut(reason);
    this.#response.destroy();
  }

  #send(bytes: Uint8Array): void {
    if (this.#response.destroyed || this.#response.writableEnded) return;
    if (this.#response.writableLength + bytes.length > this.#context.maxOutboxBytes)
      return this.cut("outbox");
    if (!this.#response.write(bytes)) this.#stalledSinceMs ??= this.#context.nowMs();
  }
}

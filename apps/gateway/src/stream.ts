import type { Socket } from "node:net";
import type { Batch, ClientSink } from "@sluice/hub";
import { heartbeat } from "@sluice/protocol";

/** After the first POST was applied, its answer may still be under way to the client. */
const answerMs = 500;

/** How long an SDK waits for its first POST before it gives the stream up. */
const firstPostMs = 15_000;

/** How long a connection is silent before the kernel asks whether the peer is still there. */
const keepAliveMs = 60_000;

/** What a stream reports of its end. */
export interface StreamContext {
  readonly nowMs: () => number;
  /** Called once when a stream was cut because its reader is too slow. */
  readonly onCut: (reason: "outbox" | "stalled") => void;
  /** Called when a reader takes bytes again. */
  readonly onUnblocked: (clientId: string) => void;
  /** Called once, when the stream ends or was found ended. */
  readonly onEnded: (stream: Stream, by: "node" | "client") => void;
}

/** What a stream is made with. */
export interface StreamOptions {
  readonly lifeMs: number;
  /** The cursor that the client offered; an empty one says that it keeps one and has none yet. */
  readonly offered: string | undefined;
  readonly context: StreamContext;
}

/**
 * The connection of one GET: bytes to a client. Knows since when it is open, quiet or stalled, and when it may be ended
 * without harm.
 */
export class Stream implements ClientSink {
  readonly clientId: string;
  /** When the stream's life ends, or infinity. */
  readonly deadlineMs: number;
  /** See {@link StreamOptions}. */
  readonly offered: string | undefined;
  /** The place in the log that was told last, but for frames of events. */
  toldPosition = "";
  readonly #context: StreamContext;
  #openedMs = 0;
  #socket: Socket | undefined;
  #isChunked = true;
  #lastFrameMs = 0;
  #lastBeatMs = 0;
  #hasNewFrames = false;
  /** Bytes that the kernel had not taken at the last look, and since when they do not get fewer. */
  #unsentBytes = 0;
  #unsentSinceMs = 0;
  /** Whether bytes can be written; the socket's own answer takes longer. */
  #isOpen = false;
  #subscribedMs: number | undefined;
  #hasAdopted = false;
  #endedMs: number | undefined;

  constructor(clientId: string, { lifeMs, offered, context }: StreamOptions) {
    this.clientId = clientId;
    this.offered = offered;
    this.#context = context;
    this.deadlineMs = context.nowMs() + lifeMs;
  }

  /**
   * Begins to write to a connection, behind the head of its response. Bytes go there as they are, so that they are
   * framed once for all clients.
   * @param isChunked whether the response has HTTP/1.1's chunked coding
   */
  open(socket: Socket, isChunked: boolean): void {
    socket.setKeepAlive(true, keepAliveMs);
    socket.on("drain", () => {
      this.#unsentBytes = 0;
      this.#context.onUnblocked(this.clientId);
    });
    // a client that sends no more takes no more
    socket.once("end", () => this.#finish("client"));
    socket.once("close", () => this.#close("client"));
    this.#socket = socket;
    this.#isOpen = true;
    this.#isChunked = isChunked;
    this.#openedMs = this.#context.nowMs();
    this.#lastFrameMs = this.#openedMs;
    this.#lastBeatMs = this.#openedMs;
  }

  /** For how long it is open. */
  openForMs(): number {
    return this.#context.nowMs() - this.#openedMs;
  }

  /** When a frame was written last, give or take the time since the last look; heartbeats do not count. */
  lastFrameMs(): number {
    if (this.#hasNewFrames) this.#lastFrameMs = this.#context.nowMs();
    this.#hasNewFrames = false;
    return this.#lastFrameMs;
  }

  /** Whether the client knows its cursor by itself. */
  get keepsCursor(): boolean {
    return this.offered !== undefined;
  }

  get isSubscribed(): boolean {
    return this.#subscribedMs !== undefined;
  }

  /** When the last heartbeat was due. */
  get lastBeatMs(): number {
    return this.#lastBeatMs;
  }

  /** Bytes that the reader has not taken. */
  get unsentBytes(): number {
    return this.#socket?.writableLength ?? 0;
  }

  /** How long the reader has taken none of the bytes that wait for it; 0 where it takes them. */
  stalledMs(): number {
    const bytes = this.unsentBytes;
    if (bytes === 0) {
      this.#unsentBytes = 0;
      return 0;
    }
    const nowMs = this.#context.nowMs();
    if (this.#unsentBytes === 0 || bytes < this.#unsentBytes) this.#unsentSinceMs = nowMs;
    this.#unsentBytes = bytes;
    return nowMs - this.#unsentSinceMs;
  }

  /**
   * Notes that a POST for this client was applied.
   * @param hasAdopted whether the client took the place of an orphan
   * @returns whether it was the first
   */
  markSubscribed(hasAdopted: boolean): boolean {
    if (this.#subscribedMs !== undefined) return false;
    this.#subscribedMs = this.#context.nowMs();
    this.#hasAdopted = hasAdopted;
    return true;
  }

  /**
   * Whether the client took an orphan's place so lately that it may never have heard so: an SDK whose POST is not answered
   * leaves by itself, and comes back.
   */
  get hasJustAdopted(): boolean {
    return this.#hasAdopted && this.#context.nowMs() - (this.#subscribedMs ?? 0) < firstPostMs;
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

  write(batch: Batch): boolean {
    this.#hasNewFrames = true;
    return this.#sendBatch(batch);
  }

  /**
   * Sends a heartbeat, unless bytes wait as it is.
   * @param news what it says; nothing where it says only that the node lives
   */
  beat(news?: Batch): void {
    this.#lastBeatMs = this.#context.nowMs();
    if (this.unsentBytes > 0) return;
    if (news !== undefined) this.#sendBatch(news);
    else this.#send(this.#isChunked ? heartbeatChunk : heartbeat);
  }

  /** Ends the stream behind what was written. */
  end(): void {
    this.#finish("node");
  }

  /** How long ago the stream was ended; 0 where it was not. */
  endedForMs(): number {
    return this.#endedMs === undefined ? 0 : this.#context.nowMs() - this.#endedMs;
  }

  cut(reason: "outbox" | "stalled" = "outbox"): void {
    if (this.#socket === undefined || this.#socket.destroyed) return;
    this.#context.onCut(reason);
    this.#close("node");
    this.#socket.destroy();
  }

  #finish(by: "node" | "client"): void {
    if (!this.#close(by)) return;
    if (this.#isChunked) this.#socket?.write(lastChunk);
    this.#socket?.destroySoon();
  }

  /** @returns false where it was closed already */
  #close(by: "node" | "client"): boolean {
    if (!this.#isOpen) return false;
    this.#context.onEnded(this, by);
    this.#endedMs = this.#context.nowMs();
    this.#isOpen = false;
    return true;
  }

  #sendBatch(batch: Batch): boolean {
    if (!this.#isChunked) return this.#send(batch.bytes);
    batch.wire ??= chunkOf(batch.bytes);
    return this.#send(batch.wire);
  }

  /** @returns false where the connection takes no more for now */
  #send(bytes: Uint8Array): boolean {
    return !this.#isOpen || this.#socket === undefined || this.#socket.write(bytes);
  }
}

/** Bytes as one chunk of HTTP/1.1's chunked coding. */
function chunkOf(bytes: Uint8Array): Uint8Array {
  const size = Buffer.from(`${bytes.length.toString(16)}\r\n`);
  return Buffer.concat([size, bytes, Buffer.from("\r\n")]);
}

const heartbeatChunk = chunkOf(heartbeat);

const lastChunk = Buffer.from("0\r\n\r\n");

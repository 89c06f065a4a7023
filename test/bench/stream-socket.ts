import { connect, type Socket } from "node:net";

const frameEnd = Buffer.from("\n\n");
const newline = frameEnd[0];

// every socket of this process reads into the same bytes: what comes is looked at before the next one reads
const readBuffer = Buffer.allocUnsafe(65_536);

/** How a stream is opened. */
export interface StreamPlan {
  readonly host: string;
  readonly port: number;
  /** The cursor to offer. */
  readonly lastEventId?: string | undefined;
  /** The address to connect from: each has only so many ports. */
  readonly localAddress?: string | undefined;
  /** Called behind `PB_CONNECT` for whatever comes: how many frames end in it, and the bytes, valid during the call. */
  readonly onRead?: ((frames: number, bytes: Buffer) => void) | undefined;
}

/** A stream as lean as a client can be: one socket, which counts frames. */
export class StreamSocket {
  /** When `PB_CONNECT` came, by the clock of this process. */
  connectedMs = 0;
  readonly #socket: Socket;
  readonly #onRead: StreamPlan["onRead"];
  readonly #opened = Promise.withResolvers<void>();
  #head = "";
  #clientId = "";
  #lastByte: number | undefined;
  #isClosed = false;

  private constructor({ host, port, lastEventId, localAddress, onRead }: StreamPlan) {
    this.#onRead = onRead;
    const take = (length: number): boolean => {
      this.#take(readBuffer.subarray(0, length));
      return true;
    };
    this.#socket = connect({
      host,
      port,
      ...(localAddress === undefined ? {} : { localAddress }),
      onread: { buffer: readBuffer, callback: take },
    });
    const cursor = lastEventId === undefined ? "" : `Last-Event-ID: ${lastEventId}\r\n`;
    this.#socket.write(
      `GET /api/realtime HTTP/1.1\r\nHost: ${host}:${port}\r\nAccept: text/event-stream\r\n${cursor}\r\n`,
    );
    this.#socket.on("error", (error) => this.#opened.reject(error));
    this.#socket.on("close", () => {
      this.#isClosed = true;
      this.#opened.reject(new TypeError("expected PB_CONNECT, got the end of the stream"));
    });
  }

  /**
   * Connects and waits for `PB_CONNECT`.
   * @throws {Error} where the connection fails or something else comes
   */
  static async open(plan: StreamPlan): Promise<StreamSocket> {
    const stream = new StreamSocket(plan);
    await stream.#opened.promise;
    return stream;
  }

  get clientId(): string {
    return this.#clientId;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Reads no more, as a client does that hangs. */
  stall(): void {
    this.#socket.pause();
  }

  /** Hangs up with a reset, which leaves no port behind. */
  close(): void {
    this.#socket.resetAndDestroy();
  }

  #take(bytes: Buffer): void {
    if (this.#clientId === "") return this.#takeHead(bytes);
    this.#onRead?.(this.#countFrames(bytes), bytes);
  }

  #takeHead(bytes: Buffer): void {
    this.#head += bytes.toString("latin1");
    if (!this.#head.startsWith("HTTP/1.1 200")) return void this.#socket.destroy();
    if (!this.#head.includes("\n\n")) return;
    this.#clientId = /"clientId":"(\w+)"/.exec(this.#head)?.[1] ?? "";
    this.#head = "";
    this.connectedMs = performance.now();
    this.#opened.resolve();
  }

  #countFrames(bytes: Buffer): number {
    const isSplit = this.#lastByte === newline && bytes[0] === newline;
    let frames = isSplit ? 1 : 0;
    let at = bytes.indexOf(frameEnd, frames);
    while (at >= 0) {
      frames += 1;
      at = bytes.indexOf(frameEnd, at + frameEnd.length);
    }
    this.#lastByte = bytes.at(-1);
    return frames;
  }
}

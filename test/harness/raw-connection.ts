import { connect, type Socket } from "node:net";
import { waitUntil } from "./wait-until.ts";

/** A connection on which a test may send what no client sends; what comes back is kept as text. */
export class RawConnection {
  readonly #socket: Socket;
  #answer = "";
  #isClosed = false;

  constructor(base: string) {
    const { hostname, port } = new URL(base);
    this.#socket = connect(Number(port), hostname);
    this.#socket.setEncoding("latin1");
    this.#socket.on("data", (text: string) => (this.#answer += text));
    this.#socket.on("close", () => (this.#isClosed = true));
    // a server that hangs up on what is still being sent resets the connection
    this.#socket.on("error", () => undefined);
  }

  /** Everything that came back. */
  get answer(): string {
    return this.#answer;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(text: string): void {
    this.#socket.write(text);
  }

  /** Sends the same text as often as the other side takes it, until the connection is closed. */
  sendForEver(text: string): void {
    const pump = (): void => {
      while (!this.#isClosed && this.#socket.write(text));
    };
    this.#socket.on("drain", pump);
    pump();
  }

  /** Waits until the other side has closed the connection. */
  async closed(withinMs = 10_000): Promise<void> {
    await waitUntil(() => this.#isClosed, "a connection to be closed", withinMs);
  }

  close(): void {
    this.#socket.destroy();
  }
}

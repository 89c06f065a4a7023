import type { IncomingMessage, ServerResponse } from "node:http";

/** Ways in which a network ends a connection: with a reset, in the midst of it, or as if it were complete. */
export const cutWays = ["reset", "close", "finish"] as const;

export type CutWay = (typeof cutWays)[number];

/** A stream that does not bring as many bytes as a cut waits for is cut after this. */
const cutWithinMs = 500;

/** One stream on its way through the balancer, from a node to a client. */
export class StreamLink {
  readonly #response: IncomingMessage;
  readonly #outgoing: ServerResponse;
  readonly #onEnd: (endedBy: "client" | "node" | "network") => void;
  #endedBy: "client" | "node" | "network" | undefined;
  #isHeld = false;
  #cut: { readonly way: CutWay; afterBytes: number } | undefined;

  /** @param onEnd called once, when the stream is over on both sides */
  constructor(
    response: IncomingMessage,
    outgoing: ServerResponse,
    onEnd: (endedBy: "client" | "node" | "network") => void,
  ) {
    this.#response = response;
    this.#outgoing = outgoing;
    this.#onEnd = onEnd;
    response.on("data", (chunk: Buffer) => this.#pass(chunk));
    response.on("end", () => this.#end("node", () => outgoing.end()));
    response.on("error", () => this.#end("node", () => outgoing.destroy()));
    outgoing.on("drain", () => this.#isHeld || response.resume());
    outgoing.on("close", () => this.#end("client", () => response.destroy()));
  }

  /** Lets some more bytes through, wherever in a frame that is, and cuts both sides. */
  cut(way: CutWay, afterBytes: number): void {
    this.#cut ??= { way, afterBytes };
    if (afterBytes === 0) this.#cutNow(way);
    else setTimeout(() => this.#cutNow(way), cutWithinMs);
  }

  /** Passes nothing on, and neither side notices; behind the time it goes on, or is reset. */
  hold(forMs: number, goesOn: boolean): void {
    this.#isHeld = true;
    this.#response.pause();
    setTimeout(() => {
      this.#isHeld = false;
      if (goesOn) this.#response.resume();
      else this.#cutNow("reset");
    }, forMs);
  }

  #pass(chunk: Buffer): void {
    const { length } = chunk;
    if (this.#cut !== undefined && this.#cut.afterBytes <= length) {
      this.#outgoing.write(chunk.subarray(0, this.#cut.afterBytes));
      return this.#cutNow(this.#cut.way);
    }
    if (this.#cut !== undefined) this.#cut.afterBytes -= length;
    if (!this.#outgoing.write(chunk)) this.#response.pause();
  }

  #cutNow(way: CutWay): void {
    this.#end("network", () => {
      if (way === "reset") this.#outgoing.socket?.resetAndDestroy();
      else if (way === "close") this.#outgoing.socket?.end();
      else this.#outgoing.end();
      this.#response.destroy();
    });
  }

  #end(endedBy: "client" | "node" | "network", finish: () => void): void {
    if (this.#endedBy !== undefined) return;
    this.#endedBy = endedBy;
    finish();
    this.#onEnd(endedBy);
  }
}

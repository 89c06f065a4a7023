import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { badRequest, encodeErrorBody, type ErrorAnswer } from "@sluice/protocol";

/** Why a request never came to a route: its head was too large, it was too slow, or it was not HTTP. */
export type BrokenRequestReason = "large_head" | "slow" | "malformed";

const answers: Readonly<Record<BrokenRequestReason, ErrorAnswer>> = {
  large_head: { status: 431, message: "Request header fields too large." },
  slow: { status: 408, message: "Request timeout." },
  malformed: badRequest,
};

/** Requests that began together are too slow together: what they cost is spread over this. */
const slowSpreadMs = 1_000;

/**
 * Answers a request that Node's parser gave up on, in place of Node, and closes its connection.
 * @returns why; nothing where the sender is gone
 */
export function answerBrokenRequest(error: Error, socket: Duplex): BrokenRequestReason | undefined {
  const code = "code" in error ? error.code : undefined;
  if (code === "ECONNRESET" || code === "EPIPE" || !socket.writable) {
    socket.destroy();
    return undefined;
  }
  const reason = reasonOf(code);
  if (reason === "slow") {
    // else the rest of the request could still come
    socket.pause();
    setTimeout(() => answerAndClose(socket, answers[reason]), Math.random() * slowSpreadMs).unref();
  } else answerAndClose(socket, answers[reason]);
  return reason;
}

function answerAndClose(socket: Duplex, answer: ErrorAnswer): void {
  const body = encodeErrorBody(answer);
  const head = [
    `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status]}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  if (socket.writable) socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  // whatever it still sends is not read
  socket.destroy();
}

function reasonOf(code: unknown): BrokenRequestReason {
  if (code === "HPE_HEADER_OVERFLOW") return "large_head";
  return code === "ERR_HTTP_REQUEST_TIMEOUT" ? "slow" : "malformed";
}

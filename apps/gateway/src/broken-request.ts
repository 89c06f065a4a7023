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
  const { status } = answers[reason];
  const body = encodeErrorBody(answers[reason]);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  // whatever it still sends is not read
  socket.destroy();
  return reason;
}

function reasonOf(code: unknown): BrokenRequestReason {
  if (code === "HPE_HEADER_OVERFLOW") return "large_head";
  return code === "ERR_HTTP_REQUEST_TIMEOUT" ? "slow" : "malformed";
}

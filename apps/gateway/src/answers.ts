import type { IncomingMessage, ServerResponse } from "node:http";
import { encodeErrorBody, type ErrorAnswer } from "@sluice/protocol";
import type { Context } from "hono";
import { originHeaders } from "./cors.ts";

/** Sends an error as PocketBase does. */
export function answerError(context: Context, answer: ErrorAnswer): Response {
  context.header("Content-Type", "application/json");
  if (answer.retryAfterSeconds !== undefined) context.header("Retry-After", `${answer.retryAfterSeconds}`);
  return context.body(encodeErrorBody(answer), answer.status);
}

/** A body up to here is read, so that its connection can be used again. */
const shortBodyBytes = 16 * 1024;

/** Sends an error, as a route would, to a request that no route has seen. */
export function answerAtOnce(
  { headers }: IncomingMessage,
  outgoing: ServerResponse,
  { answer, origins }: { readonly answer: ErrorAnswer; readonly origins: readonly string[] },
): void {
  const { retryAfterSeconds } = answer;
  for (const [name, value] of originHeaders(origins, headers.origin)) outgoing.setHeader(name, value);
  outgoing.setHeader("Content-Type", "application/json");
  if (retryAfterSeconds !== undefined) outgoing.setHeader("Retry-After", retryAfterSeconds);
  const isShort = Number(headers["content-length"] ?? 0) <= shortBodyBytes;
  if (!isShort || headers["transfer-encoding"] !== undefined) outgoing.setHeader("Connection", "close");
  outgoing.statusCode = answer.status;
  outgoing.end(encodeErrorBody(answer));
}

import { encodeErrorBody, type ErrorAnswer } from "@sluice/protocol";
import type { Context } from "hono";

/** Sends an error as PocketBase does. */
export function answerError(context: Context, answer: ErrorAnswer): Response {
  context.header("Content-Type", "application/json");
  if (answer.retryAfterSeconds !== undefined) context.header("Retry-After", `${answer.retryAfterSeconds}`);
  return context.body(encodeErrorBody(answer), answer.status);
}

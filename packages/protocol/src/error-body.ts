import { encodeJson } from "./json-text.ts";

/** What is wrong with one field of a request. */
export interface FieldError {
  /** Stable and made for programs, such as `validation_required`. */
  readonly code: string;
  readonly message: string;
  readonly params?: Readonly<Record<string, number>>;
}

/** Field errors by field name; an array's errors are nested under the decimal index. */
export interface FieldErrors {
  readonly [field: string]: FieldError | FieldErrors;
}

/** Every answer that is not a success: its status, and the body's `message` and `data`. */
export interface ErrorAnswer {
  readonly status: 400 | 401 | 403 | 404 | 408 | 413 | 429 | 431 | 500 | 503;
  readonly message: string;
  readonly data?: FieldErrors;
  /** When it is worth trying again: the header `Retry-After`, which PocketBase does not send. */
  readonly retryAfterSeconds?: number;
}

/** PocketBase's answer to a request that it cannot make sense of. */
export const badRequest: ErrorAnswer = {
  status: 400,
  message: "Something went wrong while processing your request.",
};

/**
 * Writes an error body as PocketBase does: keys in the order data, message, status; a newline at the end.
 * @see PocketBase tools/router/error.go
 */
export function encodeErrorBody({ status, message, data = {} }: ErrorAnswer): string {
  return `${encodeJson({ data, message, status })}\n`;
}

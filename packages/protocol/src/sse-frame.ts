import { ProtocolError } from "./protocol-error.ts";

const encoder = new TextEncoder();

/** What goes into one SSE event. */
export interface Frame {
  /** The subscription string exactly as the client sent it; no CR, LF or NUL. */
  readonly event: string;
  /** One line of text, JSON wherever an SDK reads it. */
  readonly data: string;
  /** The client id on `PB_CONNECT`, the cursor on logged events, else nothing. */
  readonly id?: string | undefined;
}

/** The comment that keeps quiet streams open. No blank line: the Dart SDK takes one for an empty event. */
export const heartbeat: Uint8Array = encoder.encode(":\n");

/**
 * Encodes one SSE frame, which every recipient may share.
 * @returns UTF-8 ending in a blank line; never mutate
 * @throws {ProtocolError} `invalid_frame` on CR, LF or NUL in a field
 * @see PocketBase tools/subscriptions/message.go
 */
export function encodeFrame({ event, data, id }: Frame): Uint8Array {
  const text = `${id === undefined ? "" : `id:${line(id)}\n`}event:${line(event)}\ndata:${line(data)}\n\n`;
  return encoder.encode(text);
}

function line(field: string): string {
  if (breaksFrame(field)) {
    throw new ProtocolError(`expected a field without CR, LF or NUL, got ${JSON.stringify(field)}`);
  }
  return field;
}

/** Whether a text cannot stand in an SSE field: it holds CR, LF or NUL. */
export function breaksFrame(field: string): boolean {
  return field.includes("\n") || field.includes("\r") || field.includes("\0");
}

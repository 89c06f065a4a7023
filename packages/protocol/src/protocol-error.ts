/** Thrown where our own code would break the wire; never for what a client sent. */
export class ProtocolError extends Error {
  /** `invalid_frame`: an SSE field with CR, LF or NUL. */
  readonly code = "invalid_frame";

  constructor(message: string) {
    super(message);
    this.name = "ProtocolError";
  }
}

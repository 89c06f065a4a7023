/** Thrown when a request cannot be served now but may be later; answered with 503. */
export class UnavailableError extends Error {
  readonly code = "unavailable";

  /** @param message shown to the client */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "UnavailableError";
  }
}

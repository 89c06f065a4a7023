/** Thrown where PocketBase does not do what it is asked. */
export class SourceError extends Error {
  readonly code = "source_unavailable";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SourceError";
  }
}

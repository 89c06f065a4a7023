/** Thrown when the backplane cannot do what was asked now. */
export class BackplaneError extends Error {
  /** `unavailable`: it cannot be reached or does not answer in time. */
  readonly code: "unavailable";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "BackplaneError";
    this.code = "unavailable";
  }
}

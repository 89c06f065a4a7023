/** Thrown when the backplane cannot do what was asked now. */
export class BackplaneError extends Error {
  override readonly name = "BackplaneError";
  /** It cannot be reached or does not answer in time. */
  readonly code = "unavailable";
}

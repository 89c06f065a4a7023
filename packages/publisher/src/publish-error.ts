/** Thrown before anything is sent where an event is none: gateways would skip it. */
export class PublishError extends Error {
  /** `malformed_event`: it lacks something or has it in a wrong form. `event_too_large`: too many bytes of JSON. */
  readonly code: "malformed_event" | "event_too_large";

  constructor(code: PublishError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "PublishError";
    this.code = code;
  }
}

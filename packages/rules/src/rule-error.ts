/** Thrown where a rule or filter is refused: it does not parse, or names what is not there. */
export class RuleError extends Error {
  /**
   * `syntax`: it does not parse. `unknown`: a field, collection, function, modifier or macro that is not there.
   * `forbidden`: what a filter may not use. `limit`: it is too large.
   */
  readonly code: "syntax" | "unknown" | "forbidden" | "limit";
  /** Where in the text, in UTF-16 units from 0. */
  readonly position: number;

  constructor(code: RuleError["code"], message: string, position: number) {
    super(`${message}, at ${position}`);
    this.name = "RuleError";
    this.code = code;
    this.position = position;
  }
}

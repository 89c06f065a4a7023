/** Thrown by a case that finds out while it runs that the server cannot be brought to where the case begins. */
export class CaseSkipped extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "CaseSkipped";
  }
}

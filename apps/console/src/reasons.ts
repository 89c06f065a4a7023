/** What keeps a subscriber from an event, behind the name of the rule or filter. */
const verdicts: Readonly<Record<string, string>> = {
  "": "says no",
  undecidable: "takes data that is not at hand",
  refused: "is broken, or not for this subscriber",
  failed: "could not be carried out on this record",
};

/** Says in words why somebody was not sent an event: `the rule says no`. */
export function describeReason(reason: string): string {
  const [kind = "", verdict = ""] = reason.split("-");
  return `the ${kind} ${verdicts[verdict] ?? verdict}`;
}

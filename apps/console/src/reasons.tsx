import type { JSX } from "preact";

interface RuleTextProps {
  readonly text: string;
  /** Where that is which is spoken of; nothing marks nothing. */
  readonly start: number | undefined;
  /** Nothing: up to the end. */
  readonly end?: number | undefined;
}

/** A rule or filter, with the place that matters marked. */
export function RuleText({ text, start, end }: RuleTextProps): JSX.Element {
  return (
    <code class="rule">
      {text.slice(0, start)}
      {start !== undefined && <mark>{text.slice(start, end) || " "}</mark>}
      {end !== undefined && text.slice(end)}
    </code>
  );
}

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

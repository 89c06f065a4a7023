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
  if (start === undefined) return <code class="rule">{text}</code>;
  return (
    <code class="rule">
      {text.slice(0, start)}
      <mark>{text.slice(start, end) || " "}</mark>
      {end === undefined ? "" : text.slice(end)}
    </code>
  );
}

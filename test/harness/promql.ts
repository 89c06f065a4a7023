import { parser } from "@prometheus-io/lezer-promql";

/** What a query asks for. */
export interface Query {
  /** One for each mention of a metric. */
  readonly selectors: readonly Selector[];
  /** The labels by which it groups and joins. */
  readonly groupings: readonly string[];
}

interface Selector {
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[];
}

/**
 * Reads a PromQL query.
 * @throws {TypeError} where it is none
 */
export function parseQuery(text: string): Query {
  const selectors: { metric: string; matchers: { label: string; operator: string; value: string }[] }[] = [];
  const groupings: string[] = [];
  parser.parse(text).iterate({
    enter: ({ type, from, to, node }) => {
      const source = text.slice(from, to);
      if (type.isError) throw new TypeError(`expected PromQL, got ${text} (broken at ${from})`);
      if (type.name === "VectorSelector") selectors.push({ metric: "", matchers: [] });
      const selector = selectors.at(-1);
      if (type.name === "Identifier" && selector !== undefined) selector.metric = source;
      if (type.name === "UnquotedLabelMatcher") {
        const [label = "", operator = "", value = ""] = ["LabelName", "MatchOp", "StringLiteral"].map(
          (name) => {
            const child = node.getChild(name);
            return text.slice(child?.from ?? 0, child?.to ?? 0);
          },
        );
        selector?.matchers.push({ label, operator, value: value.slice(1, -1) });
      }
      if (type.name === "LabelName" && node.parent?.name === "GroupingLabels") groupings.push(source);
    },
  });
  return { selectors, groupings };
}

import type { Denial, DenialReason, Explanation, SubscriptionExplanation } from "@sluice/hub";

const ruleNames = {
  listRule: "the list rule",
  viewRule: "the view rule",
  rule: "the message's rule",
  filter: "the filter",
} as const;

const maxValueChars = 200;

/** Writes an explanation for a terminal, an empty line behind it. */
export function describeExplanation(explanation: SubscriptionExplanation): string {
  const lines = [...linesOf(explanation)].map((line) => `  ${line}\n`).join("");
  return `${explanation.subscription}\n${lines}`;
}

function* linesOf(explanation: Explanation): Generator<string> {
  switch (explanation.outcome) {
    case "delivered":
      yield `delivered, by ${ruleNames[explanation.rule]}`;
      yield explanation.data;
      yield* (explanation.unexpanded ?? []).map((why) => `not expanded: ${why}`);
      break;
    case "unmatched":
      yield `not delivered: the event has other topics: ${explanation.topics.join(", ") || "none"}`;
      break;
    case "denied":
      if (explanation.leave !== undefined) yield `told that it leaves: ${explanation.leave}`;
      yield* denialLines(explanation);
  }
}

function* denialLines({ reason, rule, text, remarks, deciding }: Denial): Generator<string> {
  yield `not delivered, by ${ruleNames[rule]}${whyOf(reason)}`;
  yield text ?? "it is null: superusers only";
  // what is wrong with a rule says where by itself
  for (const { position, message } of remarks) {
    yield message.endsWith(`at ${position}`) ? message : `${message}, at ${position}`;
  }
  for (const { text: part, verdict, left, right, isPartial } of deciding) {
    const holdsNowhere = Array.isArray(left.value) || Array.isArray(right.value);
    yield `${part}   ${holdsNowhere ? "holds for no value" : `is ${verdict}`}`;
    yield* describeOperand(left, verdict);
    yield* describeOperand(right, verdict);
    if (isPartial) {
      yield "  in the nearest of the rows that were looked at: there are too many to look at all";
    }
  }
}

function whyOf(reason: DenialReason): string {
  if (reason.endsWith("-undecidable")) return ", for want of data";
  if (reason.endsWith("-refused")) return ", which is refused";
  return reason.endsWith("-failed") ? ", which fails on this record" : "";
}

type Deciding = Denial["deciding"][number];

/** A literal is its own value. */
function describeOperand(
  { text, value, row }: Deciding["left"],
  verdict: Deciding["verdict"],
): readonly string[] {
  if (/^['"\d-]|^(?:true|false|null)$/i.test(text)) return [];
  if (value !== undefined)
    return [`  ${text} is ${cut(JSON.stringify(value))}${row === undefined ? "" : placeOf(row)}`];
  if (verdict !== "missing") return [`  ${text} is not for filters unless emailVisibility is true`];
  return [`  ${text} is ${text.startsWith("@request.auth.") ? "not in the token" : "not at hand"}`];
}

function placeOf({ collection, id }: NonNullable<Deciding["left"]["row"]>): string {
  return id === null ? `: no row of ${collection}` : `, in ${collection}/${id}`;
}

function cut(text: string): string {
  return text.length <= maxValueChars ? text : `${text.slice(0, maxValueChars)}… (${text.length} characters)`;
}

import type { Denial, Explanation } from "@sluice/hub";

const ruleNames = {
  listRule: "the list rule",
  viewRule: "the view rule",
  rule: "the message's rule",
  filter: "the filter",
} as const;

const reasons = {
  "": "",
  "-undecidable": ", for want of data",
  "-refused": ", which is refused",
  "-failed": ", which fails on this record",
} as const;

const maxValueChars = 200;

/** Writes an explanation for a terminal. */
export function describeExplanation(subscription: string, explanation: Explanation): string {
  switch (explanation.outcome) {
    case "delivered": {
      const unexpanded = (explanation.unexpanded ?? []).map((why) => `  not expanded: ${why}\n`).join("");
      return `${subscription}\n  delivered, by ${ruleNames[explanation.rule]}\n  ${explanation.data}\n${unexpanded}\n`;
    }
    case "unmatched":
      return `${subscription}\n  not delivered: the event has other topics: ${explanation.topics.join(", ") || "none"}\n\n`;
    case "denied": {
      const told = explanation.leave === undefined ? "" : `  told that it leaves: ${explanation.leave}\n`;
      return `${subscription}\n${told}${describeDenial(explanation)}\n`;
    }
  }
}

function describeDenial({ reason, rule, text, remarks, deciding }: Denial): string {
  const suffix = reason.slice(reason.startsWith("rule") ? 4 : 6);
  const why = Object.entries(reasons).find(([key]) => key === suffix)?.[1] ?? "";
  const lines = [`not delivered, by ${ruleNames[rule]}${why}`];
  if (text === null) lines.push("it is null: superusers only");
  else lines.push(text);
  // what is wrong with a rule says where by itself
  for (const { position, message } of remarks) {
    lines.push(message.endsWith(`at ${position}`) ? message : `${message}, at ${position}`);
  }
  for (const { text: part, verdict, left, right, isPartial } of deciding) {
    const holdsNowhere = Array.isArray(left.value) || Array.isArray(right.value);
    lines.push(
      `${part}   ${holdsNowhere ? "holds for no value" : `is ${verdict}`}`,
      ...describeOperand(left, verdict),
      ...describeOperand(right, verdict),
    );
    if (isPartial)
      lines.push("  in the nearest of the rows that were looked at: there are too many to look at all");
  }
  return lines.map((line) => `  ${line}\n`).join("");
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

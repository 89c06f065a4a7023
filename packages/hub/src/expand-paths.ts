/** The steps of one path of an `expand`: relation fields, or back relations such as `comments_via_post`. */
export type ExpandPath = readonly string[];

/** Most steps of a path; what is deeper is ignored. */
const maxSteps = 6;

/**
 * Reads a subscription's `expand` option: `author.team,comments_via_post`. A path that is the beginning of another is
 * part of that one.
 * @returns each path once
 * @see PocketBase core/record_query_expand.go normalizeExpands
 */
export function parseExpand(expand: string): readonly ExpandPath[] {
  const texts = expand.split(",").map((text) => text.replaceAll(" ", "").replaceAll(/^\.+|\.+$/g, ""));
  const paths = new Map(texts.filter((text) => text !== "").map((text) => [text, text.split(".")]));
  const beginnings = new Set([...paths.values()].flatMap(beginningsOf));
  return [...paths].flatMap(([text, steps]) => (beginnings.has(text) ? [] : [steps.slice(0, maxSteps)]));
}

function beginningsOf(steps: readonly string[]): readonly string[] {
  return steps.slice(1).map((_, index) => steps.slice(0, index + 1).join("."));
}

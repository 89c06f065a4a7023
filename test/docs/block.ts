import type { Nodes } from "mdast";

/**
 * What a page has a reader do: a block of code, or the text of a comment that only the tests read. A comment in front of
 * a block says how it is run:
 *
 * - `not run: REASON`: not at all here; `not run from here: REASON` says so of all that follow
 * - `status: NUMBER`: how it ends, where that is not 0
 * - `stays: TEXT`: in a terminal of its own for each command, until the page ends; the next block waits until each has printed TEXT
 * - `file: NAME`: it is what the reader is to write to that file
 * - `before` and, from the next line on, code: what has to go before it
 * - `terminal`: of a block of `text`, that it is what the last block that stays has printed in the end
 *
 * A comment `hidden` (or `hidden stays: TEXT`) with a shell's commands from its next line on is a block by itself.
 */
export interface Block {
  readonly place: string;
  readonly language: string;
  readonly code: string;
  readonly notRun: string | undefined;
  readonly status: number;
  readonly stays: string | undefined;
  readonly file: string | undefined;
  readonly before: string;
  /** The `text` block right behind it: what it prints. */
  readonly output: string | undefined;
}

const directive =
  /^<!-- (not run|not run from here|status|stays|file|before|terminal|hidden stays|hidden)(?:: ([^\n]+?))?(?: -->|\n([^]*)\n-->)$/;

/** Whether a comment says something to these tests, or marks a table that is made. */
export function isDirective(comment: string): boolean {
  return directive.test(comment) || /^<!-- (made by npm run docs|end) -->$/.test(comment);
}

/** The blocks of a page, in order; a block of `text` belongs to one that stands in front of it. */
export function readBlocks(nodes: readonly Nodes[], place: (node: Nodes) => string): readonly Block[] {
  const blocks: Block[] = [];
  let said: Partial<Record<string, string>> = {};
  for (const node of nodes) {
    if (node.type === "html") {
      const [, word = "", value = "", code = ""] = directive.exec(node.value) ?? [];
      if (!word.startsWith("hidden")) said[word] = word === "before" ? code : value;
      else blocks.push(blockOf(place(node), "sh", code, word === "hidden" ? {} : { stays: value }));
    } else if (node.type === "code") {
      const isOutput = node.lang === "text";
      const stays = said["terminal"] !== undefined;
      const of = isOutput ? blocks.findLastIndex((block) => !stays || block.stays !== undefined) : -1;
      const block = blocks[of];
      if (block !== undefined) blocks[of] = { ...block, output: node.value };
      else blocks.push(blockOf(place(node), node.lang ?? "", node.value, said));
      const fromHere = said["not run from here"];
      said = fromHere === undefined ? {} : { "not run from here": fromHere };
    }
  }
  return blocks;
}

function blockOf(
  place: string,
  language: string,
  code: string,
  said: Partial<Record<string, string>>,
): Block {
  return {
    place,
    language,
    code,
    notRun: said["not run"] ?? said["not run from here"],
    status: Number(said["status"] ?? 0),
    stays: said["stays"],
    file: said["file"],
    before: said["before"] ?? "",
    output: undefined,
  };
}

/** The commands of a shell block, each as long as a backslash or a quote carries it on. */
export function commandsOf(code: string): readonly string[] {
  const commands: string[] = [];
  let open = "";
  for (const line of code.split("\n")) {
    open += open === "" ? line : `\n${line}`;
    const isQuoted = (open.replaceAll(/\\./gs, "").match(/'/g)?.length ?? 0) % 2 === 1;
    if (open.endsWith("\\") || isQuoted) continue;
    if (open.trim() !== "") commands.push(open);
    open = "";
  }
  return commands;
}

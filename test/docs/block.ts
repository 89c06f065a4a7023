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
 * - `before from here`: its code goes before that of all that follow
 * - `terminal`: of a block of `text`, that it is what the last block that stays has printed in the end
 *
 * A comment `hidden` (or `hidden stays: TEXT`) with a shell's commands from its next line on is a block by itself. A block
 * of `console` is one for each command behind a `$ `, which what follows it is the output of.
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

/** The languages of blocks that are run. */
export const runLanguages: ReadonlySet<string> = new Set(["sh", "redis", "js", "ts"]);

const directive =
  /^<!-- (not run|not run from here|status|stays|file|before|before from here|terminal|hidden stays|hidden)(?:: ([^\n]+?))?(?: -->|\n([^]*)\n-->)$/;

/** Whether a comment says something to these tests, or marks a table that is made. */
export function isDirective(comment: string): boolean {
  return directive.test(comment) || /^<!-- (made by npm run docs|end) -->$/.test(comment);
}

/** The blocks of a page, in order; a block of `text` belongs to one that stands in front of it. */
export function readBlocks(nodes: readonly Nodes[], place: (node: Nodes) => string): readonly Block[] {
  const blocks: Block[] = [];
  let said: Said = {};
  for (const node of nodes) {
    if (node.type === "html") {
      const [, word = "", value = "", code = ""] = directive.exec(node.value) ?? [];
      if (!word.startsWith("hidden")) said[word] = word === "before" ? code : value;
      else {
        const stays = word === "hidden" ? {} : { stays: value };
        blocks.push(blockOf(place(node), "sh", code, { ...lastingOf(said), ...stays }));
      }
    } else if (node.type === "code") {
      if (said["before from here"] === "") said["before from here"] = node.value;
      const isOutput = node.lang === "text";
      const stays = said["terminal"] !== undefined;
      const of = isOutput ? blocks.findLastIndex((block) => !stays || block.stays !== undefined) : -1;
      const block = blocks[of];
      if (block !== undefined) blocks[of] = { ...block, output: node.value };
      else if (node.lang === "console") blocks.push(...typedBlocks(place(node), node.value, said));
      else blocks.push(blockOf(place(node), node.lang ?? "", node.value, said));
      said = lastingOf(said);
    }
  }
  return blocks;
}

type Said = Partial<Record<string, string>>;

function lastingOf(said: Said): Said {
  return Object.fromEntries(Object.entries(said).filter(([word]) => word.endsWith("from here")));
}

/** What was typed at a terminal, and what came of it. */
function typedBlocks(place: string, text: string, said: Said): readonly Block[] {
  const blocks: Block[] = [];
  for (let left = text; left !== "";) {
    const [command] = left.startsWith("$ ") ? commandsOf(left.slice(2)) : [];
    if (command === undefined) throw new TypeError(`${place}: expected "$ " and a command, got ${left}`);
    left = left.slice(2 + command.length);
    const next = left.search(/^\$ /m);
    const output = next < 0 ? left : left.slice(0, next);
    left = left.slice(output.length);
    blocks.push({ ...blockOf(place, "sh", command, said), output });
  }
  return blocks;
}

function blockOf(place: string, language: string, code: string, said: Said): Block {
  return {
    place,
    language,
    code,
    notRun: said["not run"] ?? said["not run from here"],
    status: Number(said["status"] ?? 0),
    stays: said["stays"],
    file: said["file"],
    before: `${said["before from here"] ?? ""}\n${said["before"] ?? ""}`.trim(),
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

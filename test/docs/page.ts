import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import GithubSlugger from "github-slugger";
import type { Nodes } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { type Block, isDirective, readBlocks } from "./block.ts";

/** Where all paths of pages begin. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** A link to a place of this repository, or a piece of inline code, and where it stands. */
interface Mention {
  readonly place: string;
  readonly text: string;
}

/** One Markdown file of the project. */
export interface Page {
  readonly path: string;
  readonly blocks: readonly Block[];
  /** Links within the repository; as they are written. */
  readonly links: readonly Mention[];
  readonly codes: readonly Mention[];
  /** Comments that say nothing to these tests. */
  readonly remarks: readonly Mention[];
  /** What `#…` may name. */
  readonly anchors: ReadonlySet<string>;
}

/** All pages of the project, README first. */
export function readPages(): readonly Page[] {
  const paths = globSync(["*.md", "{apps,docs,packages,k8s,test}/**/*.md"], {
    cwd: root,
    exclude: (name) => name === "node_modules",
  });
  return paths.toSorted().map((path) => readPage(path, readFileSync(`${root}${path}`, "utf8")));
}

/** Reads one page. */
export function readPage(path: string, text: string): Page {
  const nodes = [...nodesOf(fromMarkdown(text))];
  const place = (node: Nodes): string => `${path}:${node.position?.start.line}`;
  return {
    path,
    blocks: readBlocks(nodes, place),
    links: nodes
      .filter((node) => node.type === "link" || node.type === "image" || node.type === "definition")
      .map((node) => ({ place: place(node), text: node.url }))
      .filter((link) => !/^[a-z]+:/.test(link.text)),
    codes: nodes
      .filter((node) => node.type === "inlineCode")
      .map((node) => ({ place: place(node), text: node.value })),
    remarks: nodes
      .filter((node) => node.type === "html" && !isDirective(node.value))
      .map((node) => ({ place: place(node), text: textOf(node) })),
    anchors: anchorsOf(nodes),
  };
}

function* nodesOf(node: Nodes): Generator<Nodes> {
  yield node;
  if ("children" in node) for (const child of node.children) yield* nodesOf(child);
}

function anchorsOf(nodes: readonly Nodes[]): ReadonlySet<string> {
  const slugger = new GithubSlugger();
  const headings = nodes.filter((node) => node.type === "heading");
  return new Set(headings.map((heading) => slugger.slug(textOf(heading))));
}

function textOf(node: Nodes): string {
  if ("value" in node) return node.value;
  return "children" in node ? node.children.map(textOf).join("") : "";
}

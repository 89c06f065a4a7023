import type { JoinNode } from "./join-node.ts";
import { isUsable, JoinPlan, type LookUp, lookUpsOf, openRow, wantedBy } from "./join-plan.ts";
import { isToldByKey } from "./pin.ts";
import type { Row, Subject } from "./row.ts";
import type { Side, TextColumn } from "./side.ts";
import type { Term } from "./term.ts";
import { work } from "./work.ts";

/** What a column says in the rows that a record joins, by which somebody is found. */
export interface FoundKeys {
  /** Some maybe several times. */
  readonly keys: readonly string[];
  /** Whether a row is among them of which it is not known whether it is joined. */
  readonly isOpen: boolean;
}

/**
 * A column of the last rows that a record joins, where an index covers it: it tells what the column says in all rows that
 * have a text in another field, and none of them is looked at.
 */
export class CoveredColumn {
  readonly #column: TextColumn;
  /** What finds the last rows; nothing where what stands before them does. */
  readonly #lookUp: LookUp | undefined;
  /** All that is joined before them. */
  readonly #before: JoinPlan;

  private constructor(column: TextColumn, lookUp: LookUp | undefined, before: JoinPlan) {
    this.#column = column;
    this.#lookUp = lookUp;
    this.#before = before;
  }

  /**
   * @param side what the column is read as
   * @param terms all that is asked of the joined rows
   * @returns nothing where no index tells all that is asked of the last rows
   */
  static of(side: Side, terms: readonly Term[], nodes: readonly JoinNode[]): CoveredColumn | undefined {
    const [column, ...others] = side.textColumns ?? [];
    if (column === undefined || column.field === "" || others.length > 0) return undefined;
    const { node } = column;
    if (node.textsOf === undefined || nodes.some(({ parent }) => parent === node)) return undefined;
    const asked = terms.filter((term) => term.nodes.includes(node));
    const before = nodes.filter((other) => other !== node);
    const [term, ...more] = asked;
    const lookUp = term && tellingLookUp(term, node, before);
    // any record of a collection is found by a look-up, all that refer back without one
    const isTold = node.kind === "all" ? lookUp !== undefined : term === undefined;
    if (!isTold || more.length > 0) return undefined;
    const termsBefore = terms.filter((other) => other !== term);
    return new CoveredColumn(column, lookUp, new JoinPlan(termsBefore, before));
  }

  /** @returns nothing where the rows have to be looked at for this subject */
  find(subject: Subject): FoundKeys | undefined {
    const parts: (readonly string[])[] = [];
    let isSomeOpen = false;
    let isCovered = true;
    this.#before.search(openRow(subject), (row, isOpen) => {
      const texts = this.#textsAt(row);
      isCovered = texts !== undefined;
      if (texts === undefined) return true;
      work(workOn(texts));
      parts.push(texts);
      isSomeOpen ||= isOpen;
      return false;
    });
    if (!isCovered) return undefined;
    const [first = [], ...rest] = parts;
    return { keys: rest.length === 0 ? first : parts.flat(), isOpen: isSomeOpen };
  }

  #textsAt(row: Row): readonly string[] | undefined {
    const { node, field } = this.#column;
    const lookUp = this.#lookUp && wantedBy(this.#lookUp, row);
    return node.textsOf?.(row, node.origin(row), { column: field, lookUp });
  }
}

/** How much work it is to look texts up. */
function workOn(texts: readonly string[]): number {
  let characters = 0;
  // a loop this short fetches them side by side, wherever they lie in memory; look-ups would wait for one after the other
  for (const text of texts) characters += text.length;
  return texts.length + characters / 100;
}

/** The look-up of a comparison that is true of all that it finds, and of nothing else. */
function tellingLookUp(term: Term, node: JoinNode, before: readonly JoinNode[]): LookUp | undefined {
  if (term.kind !== "comparison" || !isToldByKey(term)) return undefined;
  return lookUpsOf(term).find((lookUp) => isUsable(lookUp, new Set([node]), new Set(before)));
}

import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

/** One row: the first cell is its heading. */
export interface Row {
  readonly key: string;
  readonly cells: readonly ComponentChildren[];
}

interface TableProps {
  readonly title: string;
  readonly note: string;
  /** Names; those of numbers begin with `#`. */
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  /** Stands there where there are no rows. */
  readonly empty: string;
  /** Stands beside the title. */
  readonly tools?: ComponentChildren;
}

/** A table with its title; where it is too wide it is scrolled by itself, by keys too. */
export function Table({ title, note, columns, rows, empty, tools }: TableProps): JSX.Element {
  const id = useId();
  const classOf = (index: number): string => (columns[index]?.startsWith("#") ? "number" : "");
  const cell = (content: ComponentChildren, index: number): JSX.Element =>
    index === 0 ? <th scope="row">{content}</th> : <td class={classOf(index)}>{content}</td>;
  return (
    <section class="card">
      <header>
        <h2 id={id}>{title}</h2>
        <span class="muted">{note}</span>
        {tools}
      </header>
      {rows.length === 0 && <p class="empty muted">{empty}</p>}
      <div class="scroll" role="region" aria-labelledby={id} tabIndex={0} hidden={rows.length === 0}>
        <table aria-labelledby={id}>
          <thead>
            <tr>
              {columns.map((column, index) => (
                <th key={column} scope="col" class={classOf(index)}>
                  {column.replace("#", "")}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ key, cells }) => (
              <tr key={key}>{cells.map(cell)}</tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

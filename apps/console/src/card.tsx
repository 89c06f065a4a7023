import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

interface CardProps {
  readonly title: string;
  /** Stands behind the title, and tools at the end of its line. */
  readonly note?: ComponentChildren;
  readonly tools?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A part of a page, with its title. */
export function Card({ title, note, tools, children }: CardProps): JSX.Element {
  const id = useId();
  return (
    <section class="card" aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        <span class="muted">{note}</span>
        <div class="tools">{tools}</div>
      </header>
      {children}
    </section>
  );
}

/** One row: the first cell is its heading. */
export interface Row {
  readonly key: string;
  readonly cells: readonly ComponentChildren[];
}

interface TableProps extends Omit<CardProps, "children"> {
  /** Names; those of numbers begin with `#`. */
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  /** Stands there where there are no rows. */
  readonly empty: string;
}

/** A table with its title; where it is too wide it is scrolled by itself, by keys too. */
export function Table({ columns, rows, empty, ...card }: TableProps): JSX.Element {
  const classOf = (index: number): string => (columns[index]?.startsWith("#") ? "number" : "");
  const heading = (column: string, index: number): JSX.Element => (
    <th key={column} scope="col" class={classOf(index)} children={column.replace("#", "")} />
  );
  const cell = (content: ComponentChildren, index: number): JSX.Element =>
    index === 0 ? <th scope="row">{content}</th> : <td class={classOf(index)}>{content}</td>;
  return (
    <Card {...card}>
      {rows.length === 0 && <p class="notice muted">{empty}</p>}
      <div class="scroll" role="group" aria-label={card.title} tabIndex={0} hidden={rows.length === 0}>
        <table aria-label={card.title}>
          <thead>
            <tr>{columns.map(heading)}</tr>
          </thead>
          <tbody>
            {rows.map(({ key, cells }) => (
              <tr key={key}>{cells.map(cell)}</tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

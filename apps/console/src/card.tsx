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

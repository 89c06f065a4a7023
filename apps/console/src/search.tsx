import type { Signal } from "@preact/signals";
import type { JSX, TargetedInputEvent } from "preact";

/** A field whose text is followed while it is typed. */
export function Search({
  label,
  text,
}: {
  readonly label: string;
  readonly text: Signal<string>;
}): JSX.Element {
  const follow = (event: TargetedInputEvent<HTMLInputElement>): void =>
    void (text.value = event.currentTarget.value);
  return <input type="search" aria-label={label} placeholder={label} value={text.value} onInput={follow} />;
}

import type { Signal } from "@preact/signals";
import type { JSX, TargetedEvent } from "preact";
import { useId } from "preact/hooks";

interface FieldProps {
  readonly label: string;
  readonly text: Signal<string>;
  readonly isSecret?: boolean;
  /** What is wrong with the text; empty where nothing is. */
  readonly error?: string;
}

/** A line of text, followed while it is typed. */
export function Field({ label, text, isSecret = false, error = "" }: FieldProps): JSX.Element {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        {...(isSecret && { type: "password" })}
        autocomplete="off"
        spellcheck={false}
        value={text.value}
        aria-invalid={error !== ""}
        aria-describedby={`${id}-error`}
        onInput={({ currentTarget }) => (text.value = currentTarget.value)}
      />
      <p class="bad" id={`${id}-error`} role="alert" children={error} />
    </div>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly options: readonly string[];
  readonly chosen: Signal<string>;
}

/** One of some words. */
export function Choice({ label, options, chosen }: ChoiceProps): JSX.Element {
  const choose = ({ currentTarget }: TargetedEvent<HTMLSelectElement>): void =>
    void (chosen.value = currentTarget.value);
  return (
    <select aria-label={label} value={chosen.value} onChange={choose}>
      {options.map((option) => (
        <option key={option}>{option}</option>
      ))}
    </select>
  );
}

import type { Signal } from "@preact/signals";
import type { JSX } from "preact";
import { useId } from "preact/hooks";

interface FieldProps {
  readonly label: string;
  readonly text: Signal<string>;
  readonly isSecret?: boolean;
  /** How many lines are shown; without it there is but one. */
  readonly rows?: number;
  /** What is wrong with the text; empty where nothing is, absent where nothing can be. */
  readonly error?: string;
}

/** A text, followed while it is typed. */
export function Field({ label, text, isSecret = false, rows, error }: FieldProps): JSX.Element {
  const id = useId();
  const Input = rows === undefined ? "input" : "textarea";
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <Input
        id={id}
        rows={rows}
        {...(isSecret && { type: "password" })}
        autocomplete="off"
        spellcheck={false}
        value={text.value}
        aria-invalid={Boolean(error)}
        aria-describedby={`${id}-error`}
        onInput={({ currentTarget }) => (text.value = currentTarget.value)}
      />
      {error !== undefined && <p class="bad" id={`${id}-error`} role="alert" children={error} />}
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
  return (
    <select
      aria-label={label}
      value={chosen.value}
      onChange={(event) => (chosen.value = event.currentTarget.value)}>
      {options.map((option) => (
        <option key={option}>{option}</option>
      ))}
    </select>
  );
}

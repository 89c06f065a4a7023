import type { Signal } from "@preact/signals";
import type { JSX, TargetedEvent } from "preact";
import { useId } from "preact/hooks";

interface FieldProps {
  readonly label: string;
  readonly text: Signal<string>;
  readonly type?: "password";
  /** How many lines are shown; without it there is but one. */
  readonly rows?: number;
  /** What is wrong with the text; empty where nothing is, absent where nothing can be. */
  readonly error?: string;
}

/** A text, followed while it is typed. */
export function Field({ label, text, error, ...more }: FieldProps): JSX.Element {
  const id = useId();
  const Input = more.rows === undefined ? "input" : "textarea";
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <Input
        id={id}
        {...more}
        autocomplete="off"
        spellcheck={false}
        value={text.value}
        aria-invalid={Boolean(error)}
        aria-describedby={error === undefined ? undefined : `${id}-error`}
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

import { useSignal } from "@preact/signals";
import type { PlayCollection } from "@sluice/protocol";
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { useAnswer } from "./answer.ts";
import { RuleText } from "./rule-text.tsx";
import { describeError, fieldErrorsOf, gateway } from "./session.ts";

const path = "/api/console/play/collections";
const labels = { listRule: "List rule", viewRule: "View rule" };

type RuleName = keyof typeof labels;

/** The rules of the demo's collections, to be changed while clients listen. */
export function RulesForm(): JSX.Element {
  const answer = useAnswer<{ collections: PlayCollection[] }>(path).value;
  const chosen = useSignal("posts");
  const collections = answer.kind === "loaded" ? answer.value.collections : [];
  const collection = collections.find(({ name }) => name === chosen.value);
  return (
    <section class="card form">
      <header>
        <h2>Rules</h2>
        <select
          aria-label="Collection"
          value={chosen.value}
          onChange={({ currentTarget }) => (chosen.value = currentTarget.value)}>
          {collections.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </header>
      {answer.kind === "loading" && <p class="muted">Asking for the rules…</p>}
      {answer.kind === "failed" && <p class="bad">{answer.words}</p>}
      {collection !== undefined && <RulesOf key={collection.name} collection={collection} />}
    </section>
  );
}

function RulesOf({ collection }: { readonly collection: PlayCollection }): JSX.Element {
  const rules = useSignal<Readonly<Record<RuleName, string | null>>>(collection);
  const errors = useSignal<Readonly<Record<string, string>>>({});
  const said = useSignal("");
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    const { listRule, viewRule } = rules.value;
    const request = { method: "PUT", body: { listRule, viewRule } };
    try {
      const { warnings } = await gateway.send<{ warnings: { message: string }[] }>(
        `${path}/${collection.name}`,
        request,
      );
      errors.value = {};
      said.value = [
        "Saved: they decide from the next event on.",
        ...warnings.map(({ message }) => message),
      ].join(" ");
    } catch (error) {
      errors.value = fieldErrorsOf(error);
      said.value = Object.keys(errors.value).length > 0 ? "Not saved." : describeError(error);
    }
  };
  const fieldOf = (name: RuleName): JSX.Element => (
    <RuleField
      key={name}
      label={labels[name]}
      rule={rules.value[name]}
      error={errors.value[name]}
      onChange={(rule) => (rules.value = { ...rules.value, [name]: rule })}
    />
  );
  return (
    <form class="fields" onSubmit={(event) => void save(event)}>
      {fieldOf("listRule")}
      {fieldOf("viewRule")}
      <div class="actions">
        <button>Save rules</button>
        <span role="status">{said.value}</span>
      </div>
    </form>
  );
}

interface RuleFieldProps {
  readonly label: string;
  /** Null is superusers only. */
  readonly rule: string | null;
  readonly error: string | undefined;
  readonly onChange: (rule: string | null) => void;
}

function RuleField({ label, rule, error = "", onChange }: RuleFieldProps): JSX.Element {
  const id = useId();
  const [, position] = /\bat (\d+)/.exec(error) ?? [];
  return (
    <div>
      <div class="actions">
        <label for={id}>{label}</label>
        <label class="tools">
          <input
            type="checkbox"
            checked={rule === null}
            onChange={({ currentTarget }) => onChange(currentTarget.checked ? null : "")}
          />
          Superusers only
        </label>
      </div>
      <input
        id={id}
        value={rule ?? ""}
        disabled={rule === null}
        placeholder="Empty: everyone"
        spellcheck={false}
        aria-invalid={error !== ""}
        aria-describedby={`${id}-error`}
        onInput={({ currentTarget }) => onChange(currentTarget.value)}
      />
      <div class="bad" id={`${id}-error`} role="alert">
        {error}
        {position !== undefined && <RuleText text={rule ?? ""} start={Number(position)} />}
      </div>
    </div>
  );
}

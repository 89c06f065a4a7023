import { useSignal } from "@preact/signals";
import type { PlayCollection } from "@sluice/protocol";
import type { JSX } from "preact";
import { useAnswer } from "./answer.ts";
import { Card } from "./card.tsx";
import { Choice, Field } from "./field.tsx";
import { RuleText } from "./reasons.tsx";
import { describeError, fieldErrorsOf, gateway } from "./session.ts";

const path = "/api/console/play/collections";

/** The rules of the demo's collections, to be changed while clients listen. */
export function RulesForm(): JSX.Element {
  const { value, words } = useAnswer<{ collections: PlayCollection[] }>(path).value;
  const chosen = useSignal("posts");
  const collection = value?.collections.find(({ name }) => name === chosen.value);
  const names = value?.collections.map(({ name }) => name) ?? [];
  return (
    <Card title="Rules" tools={<Choice label="Collection" options={names} chosen={chosen} />}>
      {words !== "" && <p class="notice muted">{words}</p>}
      {collection !== undefined && <RulesOf key={collection.name} {...collection} />}
    </Card>
  );
}

function RulesOf({ name: collection, listRule, viewRule }: PlayCollection): JSX.Element {
  const rules = { listRule: useSignal(listRule ?? "null"), viewRule: useSignal(viewRule ?? "null") };
  const errors = useSignal<Readonly<Record<string, string>>>({});
  const said = useSignal("");
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    const body = { listRule: readRule(rules.listRule.value), viewRule: readRule(rules.viewRule.value) };
    const request = { method: "PUT", body };
    errors.value = {};
    try {
      const { warnings } = await gateway.send<{ warnings: Error[] }>(`${path}/${collection}`, request);
      said.value = ["Saved.", ...warnings.map(({ message }) => message)].join(" ");
    } catch (error) {
      errors.value = fieldErrorsOf(error);
      said.value = describeError(error);
    }
  };
  const field = (name: keyof typeof rules, label: string): JSX.Element => {
    const error = errors.value[name] ?? "";
    const [, position] = /\bat (\d+)/.exec(error) ?? [];
    return (
      <div>
        <Field label={label} text={rules[name]} error={error} />
        {position !== undefined && <RuleText text={rules[name].value} start={Number(position)} />}
      </div>
    );
  };
  return (
    <form class="stack" onSubmit={(event) => void save(event)}>
      <p class="muted">Nothing is everyone, null is superusers only.</p>
      {field("listRule", "List rule")}
      {field("viewRule", "View rule")}
      <div class="row">
        <button>Save rules</button>
        <span role="status">{said.value}</span>
      </div>
    </form>
  );
}

function readRule(text: string): string | null {
  return text.trim() === "null" ? null : text;
}

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { Field } from "./field.tsx";
import { session, signIn, signOut } from "./session.ts";

/** Asks for a superuser's token, and says why the one before was refused. */
export function SignIn(): JSX.Element {
  const text = useSignal("");
  const { value: now } = session;
  const isChecking = now.kind === "checking";
  const submit = (event: Event): void => {
    event.preventDefault();
    const token = text.value.trim();
    if (/^[\w.~+/=-]+$/.test(token)) void signIn(token);
    else signOut("Expected a token: letters, digits, dots and dashes.");
  };
  return (
    <form class="card form sign-in" onSubmit={submit}>
      <h2>Sign in</h2>
      <p class="muted">
        With a superuser's token. A gateway without Redis and without a key prints one when it starts.
      </p>
      <Field label="Token" isSecret text={text} error={now.kind === "signed-out" ? now.words : ""} />
      <button class="primary" disabled={isChecking}>
        {isChecking ? "Checking…" : "Sign in"}
      </button>
    </form>
  );
}

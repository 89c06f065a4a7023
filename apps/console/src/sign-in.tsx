import type { JSX, TargetedSubmitEvent } from "preact";
import { formText } from "./form-text.ts";
import { session, signIn, signOut } from "./session.ts";

/** Asks for a superuser's token, and says why the one before was refused. */
export function SignIn(): JSX.Element {
  const { value: now } = session;
  const words = now.kind === "signed-out" ? now.words : "";
  return (
    <form class="card form sign-in" onSubmit={submit} noValidate>
      <h2>Sign in</h2>
      <p class="muted" id="token-help">
        With a superuser's token. A gateway without Redis and without a key prints one when it starts.
      </p>
      <label for="token">Token</label>
      <input
        id="token"
        name="token"
        type="password"
        autocomplete="off"
        aria-invalid={words !== ""}
        aria-describedby="token-error token-help"
      />
      <p class="bad" id="token-error" role="alert">
        {words}
      </p>
      <button class="primary" disabled={now.kind === "checking"}>
        {now.kind === "checking" ? "Checking…" : "Sign in"}
      </button>
    </form>
  );
}

function submit(event: TargetedSubmitEvent<HTMLFormElement>): void {
  event.preventDefault();
  const token = formText(event.currentTarget, "token");
  if (/^[\w.~+/=-]+$/.test(token)) void signIn(token);
  else signOut("Expected a token: letters, digits, dots and dashes.");
}

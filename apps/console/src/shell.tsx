import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { chosenScheme, schemes } from "./color-scheme.ts";
import { Choice, Field } from "./field.tsx";
import icon from "./icon.svg";
import { session, signIn, signOut } from "./session.ts";

const places = {
  Overview: "/console#/",
  Events: "/console#/events",
  Clients: "/console#/clients",
  Playground: "/console/play",
};

interface ShellProps {
  readonly current: keyof typeof places;
  readonly status?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** What all pages have around their content, and the way to it. */
export function Shell({ current, status, children }: ShellProps): JSX.Element {
  const { value: now } = session;
  const isSignedIn = now.kind === "signed-in";
  document.title = `${isSignedIn ? current : "Sign in"} · Sluice`;
  const links = Object.entries(places).filter(
    ([name]) => isSignedIn && (name !== "Playground" || now.facts.playground),
  );
  return (
    <>
      <a class="unseen" href="#main" onClick={skip} children="Skip to content" />
      <header class="top">
        <img src={icon} alt="" width={20} />
        <strong>Sluice</strong>
        <nav aria-label="Views">
          {links.map(([name, href]) => (
            <a key={name} href={href} aria-current={name === current && "page"} children={name} />
          ))}
        </nav>
        <div class="tools">
          {isSignedIn && status}
          <Choice label="Colours" options={schemes} chosen={chosenScheme} />
          {isSignedIn && <button onClick={() => signOut()}>Sign out</button>}
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {isSignedIn && <h1 class="unseen">{current}</h1>}
        {isSignedIn ? children : <SignIn />}
      </main>
    </>
  );
}

/** The fragment is taken: by the token, and by the view. */
function skip(event: Event): void {
  event.preventDefault();
  document.querySelector("main")?.focus();
}

/** Asks for a superuser's token, and says why the one before was refused. */
function SignIn(): JSX.Element {
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
    <form class="card stack sign-in" onSubmit={submit}>
      <h1>Sign in</h1>
      <p class="muted">
        With a superuser's token. A gateway without Redis and without a key prints one when it starts.
      </p>
      <Field label="Token" type="password" text={text} error={now.kind === "signed-out" ? now.words : ""} />
      <button class="primary" disabled={isChecking}>
        {isChecking ? "Checking…" : "Sign in"}
      </button>
    </form>
  );
}

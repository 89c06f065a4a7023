import type { ComponentChildren, JSX } from "preact";
import { chosenScheme } from "./color-scheme.ts";
import icon from "./icon.svg";
import { session, signOut } from "./session.ts";
import { SignIn } from "./sign-in.tsx";

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
  const shown = Object.entries(places).filter(
    ([name]) => isSignedIn && (name !== "Playground" || now.facts.playground),
  );
  return (
    <>
      <a class="unseen" href="#main" onClick={skip}>
        Skip to content
      </a>
      <header class="top">
        <img src={icon} alt="" />
        <strong>Sluice</strong>
        <nav aria-label="Views">
          {shown.map(([name, href]) => (
            <a key={name} href={href} aria-current={name === current ? "page" : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <div class="tools">
          {isSignedIn && status}
          <select
            aria-label="Colours"
            value={chosenScheme.value}
            onChange={({ currentTarget }) => (chosenScheme.value = currentTarget.value)}>
            <option value="">System</option>
            <option value="light">Light</option>
            <option value="dark">Dark</option>
          </select>
          {isSignedIn && <button onClick={() => signOut()}>Sign out</button>}
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        <h1 class="unseen">{current}</h1>
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

import type { ComponentChildren, JSX } from "preact";
import { chosenScheme, schemes } from "./color-scheme.ts";
import { Choice } from "./field.tsx";
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
  const isShown = (name: string): boolean => isSignedIn && (name !== "Playground" || now.facts.playground);
  return (
    <>
      <a class="unseen" href="#main" onClick={skip} children="Skip to content" />
      <header class="top">
        <img src={icon} alt="" width={20} />
        <strong>Sluice</strong>
        <nav aria-label="Views">
          {Object.entries(places).map(
            ([name, href]) =>
              isShown(name) && (
                <a
                  key={name}
                  href={href}
                  aria-current={name === current ? "page" : undefined}
                  children={name}
                />
              ),
          )}
        </nav>
        <div class="tools">
          {isSignedIn && status}
          <Choice label="Colours" options={schemes} chosen={chosenScheme} />
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

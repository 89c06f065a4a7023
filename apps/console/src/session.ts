import { signal } from "@preact/signals";
import type { ConsoleFacts } from "@sluice/protocol";
import PocketBase, { BaseAuthStore, ClientResponseError } from "pocketbase";

/** Whether somebody may look; `words` say why not. */
export type Session =
  | { readonly kind: "signed-out"; readonly words: string }
  | { readonly kind: "checking" }
  | { readonly kind: "signed-in"; readonly facts: ConsoleFacts };

const storageKey = "sluice.token";

/** Who looks. */
export const session = signal<Session>({ kind: "signed-out", words: "" });

/** The gateway that serves this page, as the SDK's client. */
export const gateway = new PocketBase(location.origin, new BaseAuthStore());
gateway.autoCancellation(false);

/** Signs in by the token in the address, which is taken out of it, or by the one of this tab. */
export async function resumeSession(): Promise<void> {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given !== null) history.replaceState(null, "", location.pathname + location.search);
  const token = given ?? sessionStorage.getItem(storageKey);
  if (token !== null) await signIn(token);
}

// an address with a token, pasted where the page is open already, opens no new page
addEventListener("hashchange", () => location.hash.startsWith("#token=") && location.reload());

/** Tries a superuser's token, and keeps it for this tab where it is good. */
export async function signIn(token: string): Promise<void> {
  session.value = { kind: "checking" };
  gateway.authStore.save(token);
  try {
    const facts = await gateway.send<ConsoleFacts>("/api/console", {});
    sessionStorage.setItem(storageKey, token);
    session.value = { kind: "signed-in", facts };
  } catch (error) {
    signOut(refusalOf(error) ?? describeError(error));
  }
}

/** Forgets the token. */
export function signOut(words = ""): void {
  sessionStorage.removeItem(storageKey);
  gateway.authStore.clear();
  session.value = { kind: "signed-out", words };
}

/** Signs out where the token is good no more: it may have expired while the page was open. */
export async function checkSession(): Promise<void> {
  try {
    await gateway.send("/api/console", {});
  } catch (error) {
    if (refusalOf(error) !== undefined) signOut(refusalOf(error));
  }
}

const refusals: Readonly<Record<string, string>> = {
  401: "This token is not valid, or has expired.",
  403: "This token is valid, but not a superuser's. The console is for superusers.",
  404: "The console is switched off on this gateway: CONSOLE is false.",
};

function refusalOf(error: unknown): string | undefined {
  return error instanceof ClientResponseError ? refusals[error.status] : undefined;
}

/** Says in words why a request failed. */
export function describeError(error: unknown): string {
  if (!(error instanceof ClientResponseError)) return String(error);
  if (error.status === 0) return "The gateway does not answer.";
  const details = Object.entries(fieldErrorsOf(error)).map(([field, words]) => `${field}: ${words}`);
  return [error.message, ...details].join(" ");
}

/** The words about each field of a refused request; nested ones are joined, as in `events.0`. */
export function fieldErrorsOf(error: unknown): Readonly<Record<string, string>> {
  const data: unknown = error instanceof ClientResponseError ? error.response["data"] : {};
  return Object.fromEntries(wordsWithin(data, []));
}

function wordsWithin(value: unknown, path: readonly string[]): readonly (readonly [string, string])[] {
  if (typeof value !== "object" || value === null) return [];
  if ("message" in value && typeof value.message === "string") return [[path.join("."), value.message]];
  return Object.entries(value).flatMap(([key, inner]) => wordsWithin(inner, [...path, key]));
}

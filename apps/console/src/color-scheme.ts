import { effect, signal } from "@preact/signals";

const storageKey = "sluice.scheme";

/** What can be chosen. */
export const schemes = ["System", "Light", "Dark"];

export const chosenScheme = signal(localStorage.getItem(storageKey) ?? "System");

/** Counts changes of the colours: what is drawn by script is drawn again. */
export const schemeChanges = signal(0);

effect(() => {
  // Chromium does not paint anew for a scheme that is set by script: style.css sets it
  document.documentElement.dataset["scheme"] = chosenScheme.value;
  localStorage.setItem(storageKey, chosenScheme.value);
  schemeChanges.value = schemeChanges.peek() + 1;
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => schemeChanges.value++);

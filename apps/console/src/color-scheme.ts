import { effect, signal } from "@preact/signals";

const storageKey = "sluice.scheme";

/** What can be chosen. */
export const schemes = ["System", "Light", "Dark"];

export const chosenScheme = signal(localStorage.getItem(storageKey) ?? "System");

effect(() => {
  // Chromium does not paint anew for a scheme that is set by script: style.css sets it
  document.documentElement.dataset["scheme"] = chosenScheme.value;
  localStorage.setItem(storageKey, chosenScheme.value);
});

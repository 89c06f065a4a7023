import { effect, signal } from "@preact/signals";

const storageKey = "sluice.scheme";

/** What can be chosen. */
export const schemes = ["System", "Light", "Dark"];

export const chosenScheme = signal(localStorage.getItem(storageKey) ?? "System");

effect(() => {
  const scheme = chosenScheme.value === "System" ? "light dark" : chosenScheme.value;
  document.querySelector("meta[name=color-scheme]")?.setAttribute("content", scheme);
  localStorage.setItem(storageKey, chosenScheme.value);
});

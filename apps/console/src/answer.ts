import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { describeError, gateway } from "./session.ts";

/** What the gateway answers, as far as it has. */
export type Answer<Value> =
  | { readonly kind: "loading" }
  | { readonly kind: "failed"; readonly words: string }
  | { readonly kind: "loaded"; readonly value: Value };

/** Asks the gateway for a path, again whenever that changes and, where that is said, every so often. */
export function useAnswer<Value>(path: string, everyMs?: number): Signal<Answer<Value>> {
  const answer = useSignal<Answer<Value>>({ kind: "loading" });
  useEffect(() => {
    let isWanted = true;
    const show = (latest: Answer<Value>): void => void (isWanted && (answer.value = latest));
    const ask = (): void =>
      void gateway.send<Value>(path, {}).then(
        (value) => show({ kind: "loaded", value }),
        (error: unknown) => show({ kind: "failed", words: describeError(error) }),
      );
    // who still types is not asked about each letter
    const first = setTimeout(ask, 150);
    const timer = everyMs === undefined ? undefined : setInterval(ask, everyMs);
    return () => {
      isWanted = false;
      clearTimeout(first);
      clearInterval(timer);
    };
  }, [path]);
  return answer;
}

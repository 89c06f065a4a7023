import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { describeError, gateway } from "./session.ts";

/** What the gateway has answered; where it has not, `words` say why. */
export interface Answer<Value> {
  readonly value?: Value;
  readonly words: string;
}

/** Asks the gateway for a path, again whenever that changes and, where that is said, every so often. */
export function useAnswer<Value>(path: string, everyMs?: number): Signal<Answer<Value>> {
  const answer = useSignal<Answer<Value>>({ words: "Asking…" });
  useEffect(() => {
    let isWanted = true;
    const show = (latest: Answer<Value>): void => void (isWanted && (answer.value = latest));
    const ask = (): void =>
      void gateway.send<Value>(path, {}).then(
        (value) => show({ value, words: "" }),
        (error: unknown) => show({ words: describeError(error) }),
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

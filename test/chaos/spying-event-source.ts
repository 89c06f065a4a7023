import type { EventSource } from "eventsource";
import type { Marker } from "./marker.ts";

type EventSourceClass = typeof EventSource;

/**
 * An `EventSource` that notes what comes and goes on its streams, and changes nothing of them.
 * @param markerOf the marker of the client whose stream has this URL
 */
export function spyingEventSource(
  base: EventSourceClass,
  markerOf: (url: string) => Marker | undefined,
): EventSourceClass {
  return class extends base {
    constructor(url: string | URL, init?: ConstructorParameters<EventSourceClass>[1]) {
      super(url, init);
      const marker = markerOf(String(url));
      if (marker === undefined) return;
      this.addEventListener("PB_CONNECT", ({ lastEventId }) =>
        marker.add({ type: "stream", clientId: lastEventId }),
      );
      for (const name of ["@resume", "@conflated"]) {
        this.addEventListener(name, ({ data }) => marker.addWord(name, String(data)));
      }
      this.addEventListener("error", () => marker.add({ type: "end" }));
    }
  };
}

import { Batch, type Hub } from "@sluice/hub";
import { cursorFrame } from "./open-stream.ts";
import type { RecentEvents } from "./recent-events.ts";
import type { Stream } from "./stream.ts";

/** Moves the cursor of quiet streams along, so that what they come back with is still in the log. */
export class CursorNews {
  readonly #hub: Hub;
  readonly #recent: RecentEvents;
  #position = "";
  #batch = new Batch();

  constructor(hub: Hub, recent: RecentEvents) {
    this.#hub = hub;
    this.#recent = recent;
  }

  /** What a heartbeat tells a stream: how far it is in the log, where that is news. */
  newsFor(stream: Stream): Batch | undefined {
    const { position } = this.#recent;
    const isNews = stream.isSubscribed && stream.toldPosition !== position;
    if (!isNews || !this.#hub.isSettled(stream.clientId) || stream.unsentBytes > 0) return undefined;
    stream.toldPosition = position;
    if (this.#position !== position) {
      this.#position = position;
      // one for all streams
      this.#batch = new Batch().with(cursorFrame(position));
    }
    return this.#batch;
  }
}

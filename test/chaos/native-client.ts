import { request } from "node:http";
import type { ClientPlan } from "./client-plan.ts";
import type { SourceEvent } from "./event-stream-parser.ts";
import type { Marker } from "./marker.ts";
import { NativeEventSource } from "./native-event-source.ts";
import { serialIn } from "./serial.ts";

/** The pause between two attempts of the application. */
const retryMs = 250;

const postTimeoutMs = 10_000;

/**
 * An application on a plain `EventSource`: it sets its subscriptions after every `PB_CONNECT`, tries again where that
 * fails, and where its source was closed for good opens another one, to which it hands the cursor by the query.
 */
export class NativeClient {
  readonly #url: string;
  readonly #plan: ClientPlan;
  readonly #marker: Marker;
  readonly #random: () => number;
  #source: NativeEventSource;
  #cursor = "";
  #clientId = "";
  #isSubscribed = false;

  /** @param base the balancer's address for this client */
  constructor(base: string, plan: ClientPlan, { marker, random }: { marker: Marker; random: () => number }) {
    this.#url = `${base}/api/realtime`;
    this.#plan = plan;
    this.#marker = marker;
    this.#random = random;
    this.#source = this.#open();
  }

  stall(forMs: number): void {
    this.#source.stall(forMs);
  }

  close(): void {
    this.#clientId = "";
    this.#source.close();
  }

  #open(): NativeEventSource {
    // also an empty one: it says that a cursor is kept here
    const query = `?lastEventId=${encodeURIComponent(this.#cursor)}`;
    return new NativeEventSource(
      this.#url + query,
      {
        onEvent: (event) => this.#take(event),
        onEnd: () => this.#noticeEnd(),
        onFail: () => {
          this.#noticeEnd();
          setTimeout(() => this.#reopen(), retryMs);
        },
      },
      () => 100 + this.#random() * 300,
    );
  }

  #reopen(): void {
    const { lastEventId } = this.#source;
    if (lastEventId !== "") this.#cursor = lastEventId;
    this.#source.close();
    this.#source = this.#open();
  }

  #noticeEnd(): void {
    this.#clientId = "";
    this.#marker.add({ type: "end" });
  }

  #take({ type, data, lastEventId }: SourceEvent): void {
    if (type === "PB_CONNECT") {
      this.#clientId = lastEventId;
      this.#marker.add({ type: "stream", clientId: lastEventId });
      void this.#subscribe(lastEventId);
      return;
    }
    if (type.startsWith("@")) return this.#marker.addWord(type, data);
    const subscription = this.#plan.subscriptions.indexOf(type);
    this.#marker.add({ type: "event", subscription, serial: serialIn(JSON.parse(data)) });
  }

  async #subscribe(clientId: string): Promise<void> {
    while (this.#clientId === clientId) {
      const status = await this.#post(clientId);
      if (this.#clientId !== clientId) return;
      if (status === 204) return this.#noticeLive();
      if (status >= 400 && status < 500) {
        this.#noticeEnd();
        return this.#reopen();
      }
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }

  #noticeLive(): void {
    this.#marker.add({ type: "live" });
    if (!this.#isSubscribed) this.#marker.add({ type: "subscribed" });
    this.#isSubscribed = true;
  }

  /** @returns the status; 0 where there was no answer */
  #post(clientId: string): Promise<number> {
    const { token, subscriptions } = this.#plan;
    const headers = {
      "Content-Type": "application/json",
      ...(token === undefined ? {} : { Authorization: token }),
    };
    const { promise, resolve } = Promise.withResolvers<number>();
    const outgoing = request(this.#url, {
      method: "POST",
      agent: false,
      headers,
      signal: AbortSignal.timeout(postTimeoutMs),
    });
    outgoing.on("response", (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    outgoing.on("error", () => resolve(0));
    outgoing.end(JSON.stringify({ clientId, subscriptions }));
    return promise;
  }
}

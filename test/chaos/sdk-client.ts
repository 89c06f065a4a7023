import type { Sdk, SdkClient } from "../harness/sdk.ts";
import type { ClientPlan } from "./client-plan.ts";
import type { Marker } from "./marker.ts";
import { serialIn } from "./serial.ts";

/** How long an SDK may be without a connection, and try nothing, before the application takes it for dead. */
const deadMs = 10_000;

/**
 * An application on an official SDK. An SDK whose stream breaks between `PB_CONNECT` and the answer to the POST behind
 * it stays disconnected for good: the application subscribes anew then, until all of that has succeeded.
 */
export class SdkApplication {
  readonly #client: SdkClient;
  readonly #plan: ClientPlan;
  readonly #marker: Marker;
  readonly #watch: NodeJS.Timeout;
  #connectedMs = Date.now();
  #isSubscribed = false;
  #isSubscribing = false;

  /** @param base the balancer's address for this client */
  constructor(base: string, plan: ClientPlan, { sdk, marker }: { sdk: Sdk; marker: Marker }) {
    this.#client = sdk.create(base);
    this.#plan = plan;
    this.#marker = marker;
    if (plan.token !== undefined) this.#client.authStore.save(plan.token);
    this.#watch = setInterval(() => void this.#revive(), 1_000);
  }

  /** Subscribes to everything, one after the other. */
  async start(): Promise<void> {
    this.#isSubscribing = true;
    try {
      for (const [subscription, name] of this.#plan.subscriptions.entries()) {
        await this.#client.realtime.subscribe(name, (data) =>
          this.#marker.add({ type: "event", subscription, serial: serialIn(data) }),
        );
      }
      this.#isSubscribed = true;
      this.#marker.add({ type: "subscribed" });
    } finally {
      this.#isSubscribing = false;
    }
  }

  close(): void {
    clearInterval(this.#watch);
    void this.#client.realtime.unsubscribe();
  }

  async #revive(): Promise<void> {
    const { realtime } = this.#client;
    if (realtime.isConnected) this.#connectedMs = Date.now();
    const isDead = Date.now() - Math.max(this.#connectedMs, this.#marker.lastMs) >= deadMs;
    if (this.#isSubscribing || (this.#isSubscribed && !isDead)) return;
    this.#isSubscribed = false;
    this.#connectedMs = Date.now();
    this.#marker.add({ type: "revived" });
    // what fails is tried again the next time
    await realtime.unsubscribe().catch(() => undefined);
    await this.start().catch(() => undefined);
  }
}

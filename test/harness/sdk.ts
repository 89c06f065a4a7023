import { EventSource } from "eventsource";
import PocketBase021 from "pocketbase-0.21";
import PocketBase026 from "pocketbase-0.26";
import PocketBase028 from "pocketbase-0.28";

// the SDKs look for it in the global scope, as in a browser
Object.assign(globalThis, { EventSource });

/** A record event as the SDKs hand it to a listener. */
export interface SdkEvent {
  readonly action: string;
  readonly record: Readonly<Record<string, unknown>>;
}

/** Options of a subscription, as the SDKs take them. */
interface SdkOptions {
  readonly query?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
}

type Unsubscribe = () => Promise<void>;

/** What the tests use of an SDK, the same in all versions. */
export interface SdkClient {
  readonly authStore: { save(token: string): void; clear(): void };
  readonly realtime: {
    clientId: string;
    readonly isConnected: boolean;
    /** 0.21 does not know it and never calls it. */
    onDisconnect?: (topics: string[]) => void;
    subscribe(topic: string, listener: (data: unknown) => void, options?: SdkOptions): Promise<Unsubscribe>;
    unsubscribe(topic?: string): Promise<void>;
  };
  collection(name: string): {
    subscribe(topic: string, listener: (event: SdkEvent) => void, options?: SdkOptions): Promise<Unsubscribe>;
    unsubscribe(topic?: string): Promise<void>;
    authWithOAuth2(options: {
      provider: string;
      urlCallback: (url: string) => Promise<void>;
    }): Promise<{ token: string }>;
  };
}

/** One version of the official JavaScript SDK, unmodified. */
export interface Sdk {
  readonly version: string;
  /** Whether it calls `onDisconnect`. */
  readonly tellsDisconnects: boolean;
  readonly create: (url: string) => SdkClient;
}

export const sdks: readonly Sdk[] = [
  { version: "0.28", tellsDisconnects: true, create: (url) => new PocketBase028(url) },
  { version: "0.26", tellsDisconnects: true, create: (url) => new PocketBase026(url) },
  { version: "0.21", tellsDisconnects: false, create: (url) => new PocketBase021(url) },
];

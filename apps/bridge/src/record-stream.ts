import { isJsonObject } from "@sluice/protocol";
import { EventSource } from "eventsource";
import type PocketBase from "pocketbase";
import { type Change, isRow } from "./row.ts";
import { SourceError } from "./source-error.ts";

// the SDK looks for it in the global scope, as in a browser
Object.assign(globalThis, { EventSource });

/** What is done with what a stream brings. */
export interface StreamHandlers {
  /** Takes one change, in the order of its arrival. */
  readonly change: (change: Change) => void;
  /** The stream is over: changes from now on are missed. Told once, and not after `close`. */
  readonly ended: () => void;
}

/** A stream that is live. */
export interface RecordStream {
  readonly close: () => void;
}

/**
 * Opens PocketBase's realtime stream and subscribes to all records of collections.
 * @returns when PocketBase has answered the subscription
 * @throws {SourceError} where the stream ended before that
 */
export async function openRecordStream(
  client: PocketBase,
  collections: readonly string[],
  handlers: StreamHandlers,
): Promise<RecordStream> {
  let isOver = false;
  const close = (): void => {
    isOver = true;
    // what it would tell PocketBase by that is told by the end of the stream
    client.realtime.unsubscribe().catch(() => undefined);
  };
  client.realtime.onDisconnect = () => {
    if (isOver) return;
    // the SDK would come back by itself, and nobody would know from when on changes are heard again
    close();
    handlers.ended();
  };
  const take = (collection: string, data: unknown): void => {
    const change = readChange(collection, data);
    if (change !== undefined && !isOver) handlers.change(change);
  };
  await Promise.all(
    collections.map((name) => client.realtime.subscribe(`${name}/*`, (data) => take(name, data))),
  );
  // a stream that ends while the subscriptions are on their way counts as subscribed for the SDK
  if (isOver || !client.realtime.isConnected) {
    close();
    throw new SourceError("the realtime stream ended before it was subscribed");
  }
  return { close };
}

function readChange(collection: string, data: unknown): Change | undefined {
  if (!isJsonObject(data) || !isRow(data["record"])) return undefined;
  const { action, record } = data;
  if (action !== "create" && action !== "update" && action !== "delete") return undefined;
  return { action, collection, record };
}

import { post } from "./post.ts";
import type { Server } from "./server.ts";
import { StreamSocket } from "./stream-socket.ts";

/** How many streams are opened at a time. */
const openers = 128;

/** How many loopback addresses connect: one has ports for about 28,000 connections. */
const addresses = 8;

/** Who is in a crowd. */
export interface CrowdPlan {
  readonly count: number;
  readonly topicsOf: (index: number) => readonly string[];
  /** The cursor that all offer. */
  readonly lastEventId?: string;
  /** Called for whatever a stream reads. */
  readonly onRead?: (index: number, frames: number, bytes: Buffer) => void;
}

/** Opens and subscribes streams, some at a time; each has the token of its own index. */
export async function openCrowd(server: Server, plan: CrowdPlan): Promise<readonly StreamSocket[]> {
  const streams: StreamSocket[] = [];
  let next = 0;
  const open = async (): Promise<void> => {
    while (next < plan.count) {
      const index = next;
      next += 1;
      streams[index] = await openOne(server, plan, index);
    }
  };
  await Promise.all(Array.from({ length: openers }, open));
  return streams;
}

/**
 * Opens and subscribes one stream as an SDK does.
 * @throws {Error} where it does not come about
 */
export async function openOne(
  server: Server,
  { topicsOf, lastEventId, onRead }: Omit<CrowdPlan, "count">,
  index: number,
): Promise<StreamSocket> {
  const localAddress = server.host === "127.0.0.1" ? `127.0.0.${2 + (index % addresses)}` : undefined;
  const stream = await StreamSocket.open({
    host: server.host,
    port: server.port,
    lastEventId,
    localAddress,
    onRead: onRead === undefined ? undefined : (frames, bytes) => onRead(index, frames, bytes),
  });
  const status = await post(server, {
    path: "/api/realtime",
    body: { clientId: stream.clientId, subscriptions: topicsOf(index) },
    token: await server.tokenOf(index),
    localAddress,
  });
  if (status !== 204) throw new TypeError(`expected 204 to a POST of subscriptions, got ${status}`);
  return stream;
}

/** Hangs up. */
export function closeCrowd(streams: readonly StreamSocket[]): void {
  for (const stream of streams) stream.close();
}

import { type IncomingHttpHeaders, request } from "node:http";
import { type ReceivedFrame, SseReader } from "../harness/sse-reader.ts";
import { waitUntil } from "../harness/wait-until.ts";
import type { RecordWriter } from "./record-writer.ts";

/** A system that speaks the realtime API, and how cases reach it. */
export interface Target {
  readonly name: string;
  /** Where streams are opened. */
  readonly streamUrl: string;
  /** Where everything else goes; on two nodes always the node that does not hold the stream. */
  readonly postUrl: string;
  /** Tokens of two auth records of one collection and of a superuser, where there are any. */
  readonly tokens?: Tokens;
  /** Whether `POST /api/realtime/publish` is there, which only Sluice has; the demo's collections are expected behind it. */
  readonly publishes: boolean;
  /** Writes records where there is no publish door. */
  readonly writer?: RecordWriter;
  /** A header that names the sender's address, where one is trusted and addresses are checked. */
  readonly addressHeader?: string;
  /** Signs a token with any claims, where the key is known. */
  readonly sign?: (id: string, claims: Readonly<Record<string, unknown>>) => Promise<string>;
  /** Takes one collection away, on all nodes, where that can be done. */
  readonly removeCollection?: (name: string) => void;
}

export interface Tokens {
  readonly userA: string;
  readonly userB: string;
  readonly superuser: string;
}

/** What a case needs beyond the two addresses; `sluice` is for answers in which PocketBase differs. */
export type Need = "sluice" | "publish" | "tokens" | "addresses" | "signing" | "collections";

/** One fact of the wire, checked from outside. */
export interface Case {
  readonly name: string;
  readonly needs?: readonly Need[];
  /** Throws where the fact does not hold. */
  readonly run: (target: Target) => Promise<void>;
}

/** What a target lacks for a case, in words; nothing where the case can run. */
export function lackOf(target: Target, { needs = [] }: Case): string | undefined {
  const has: Readonly<Record<Need, boolean>> = {
    sluice: target.publishes,
    publish: (target.publishes || target.writer !== undefined) && target.tokens !== undefined,
    tokens: target.tokens !== undefined,
    addresses: target.addressHeader !== undefined,
    signing: target.sign !== undefined,
    collections: target.removeCollection !== undefined,
  };
  const missing = needs.filter((need) => !has[need]);
  return missing.length === 0 ? undefined : `needs ${missing.map((need) => needWords[need]).join(", ")}`;
}

const needWords: Readonly<Record<Need, string>> = {
  sluice: "Sluice: PocketBase answers otherwise, or not alike in each version",
  publish: "the publish door (POST /api/realtime/publish), and tokens for it; or --write",
  tokens: "tokens (--secret, or --user-a, --user-b and --superuser)",
  addresses: "a trusted address header",
  signing: "the signing secret (--secret)",
  collections: "collections that can be changed",
};

/** The tokens of a target for cases that need them. */
export function tokensOf({ tokens }: Target): Tokens {
  if (tokens === undefined) throw new TypeError("the case must name tokens among its needs");
  return tokens;
}

/** An answer, its body as text. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** What to send; a body is sent as it is. */
export interface Call {
  readonly method: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Sends headers only, and waits for the answer while the body is outstanding. */
  readonly headersOnly?: boolean;
}

/** Longer than any answer may take; the publish door's and the directory's own limits are shorter. */
const answerLimitMs = 20_000;

/** Sends one request, exactly as told. A body has its length declared, unless the headers say otherwise. */
export async function call(
  base: string,
  { method, path, headers, body, headersOnly }: Call,
): Promise<Answer> {
  const outgoing = request(base + (path ?? "/api/realtime"), {
    method,
    headers: { ...headers },
    agent: false,
    signal: AbortSignal.timeout(answerLimitMs),
  });
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  outgoing.on("error", reject);
  outgoing.on("response", (response) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => (text += chunk));
    response.on("error", reject);
    response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
  });
  if (headersOnly === true) outgoing.flushHeaders();
  else outgoing.end(body);
  try {
    return await promise;
  } finally {
    outgoing.destroy();
  }
}

/** Sends a subscribe request as an SDK does. */
export function subscribe(
  target: Target,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const json = { "Content-Type": "application/json", ...headers };
  return call(target.postUrl, { method: "POST", headers: json, body: JSON.stringify(body) });
}

/** Opens a stream, works with it and closes it. */
export async function withStream(target: Target, work: (stream: SseReader) => Promise<void>): Promise<void> {
  const stream = await SseReader.open(target.streamUrl);
  try {
    await work(stream);
  } finally {
    stream.close();
  }
}

/** Publishes events, in order, and returns their cursors. */
export async function publish(target: Target, events: readonly unknown[]): Promise<readonly string[]> {
  if (target.writer !== undefined) {
    await target.writer.write(events);
    return [];
  }
  const headers = { "Content-Type": "application/json", Authorization: tokensOf(target).superuser };
  const path = "/api/realtime/publish";
  const answer = await call(target.postUrl, { method: "POST", path, headers, body: JSON.stringify(events) });
  if (answer.status !== 200) throw new TypeError(`publish was answered ${answer.status}: ${answer.text}`);
  const { ids } = JSON.parse(answer.text);
  return ids;
}

/** What to listen to, as whom, and what is published meanwhile. */
export interface Listening {
  readonly subscriptions: readonly string[];
  readonly events: readonly unknown[];
  readonly token?: string;
}

let lastMarker = 0;

/** Subscribes a stream, publishes, and returns what the stream received of it, up to a marker behind the events. */
export async function heardBy(
  target: Target,
  stream: SseReader,
  listening: Listening,
): Promise<readonly ReceivedFrame[]> {
  const { writer } = target;
  if (writer !== undefined)
    return writer.alone(() => heardOfWriter({ ...target, writer }, stream, listening));
  const { subscriptions, events, token } = listening;
  lastMarker += 1;
  const marker = `marker/${process.pid}/${lastMarker}`;
  const headers = token === undefined ? {} : { Authorization: token };
  const set = { clientId: stream.clientId, subscriptions: [...subscriptions, marker] };
  const answer = await subscribe(target, set, headers);
  if (answer.status !== 204) throw new TypeError(`the POST was answered ${answer.status}: ${answer.text}`);
  const known = stream.frames.length;
  await publish(target, [...events, { topic: marker }]);
  await stream.waitFor(({ event }) => event === marker, "the marker");
  return stream.frames.slice(known).filter(({ event }) => event !== marker);
}

/** PocketBase sends each frame by itself: a frame may be overtaken by some. */
const markersBehind = 3;

async function heardOfWriter(
  target: Target & { readonly writer: RecordWriter },
  stream: SseReader,
  { subscriptions, events, token }: Listening,
): Promise<readonly ReceivedFrame[]> {
  const { writer } = target;
  const behind = Array.from({ length: markersBehind }, () => {
    lastMarker += 1;
    return writer.marker(`m${process.pid}m${lastMarker}`);
  });
  await writer.prepare(events);
  const names = behind.map(({ subscription }) => subscription);
  const headers = token === undefined ? {} : { Authorization: token };
  const set = { clientId: stream.clientId, subscriptions: [...subscriptions, ...names] };
  const answer = await subscribe(target, set, headers);
  if (answer.status !== 204) throw new TypeError(`the POST was answered ${answer.status}: ${answer.text}`);
  const known = stream.frames.length;
  await writer.write(events);
  for (const { subscription, event } of behind) {
    await writer.write([event]);
    await stream.waitFor((frame) => frame.event === subscription, "the marker");
  }
  return stream.frames.slice(known).filter(({ event }) => !names.includes(event ?? ""));
}

/** As `heardBy`, on a stream of its own. */
export async function heard(target: Target, listening: Listening): Promise<readonly ReceivedFrame[]> {
  let frames: readonly ReceivedFrame[] = [];
  await withStream(target, async (stream) => {
    frames = await heardBy(target, stream, listening);
  });
  return frames;
}

/** Which of some custom topics a stream is subscribed to; it must be to the last one. */
export async function liveTopics(
  target: Target,
  stream: SseReader,
  candidates: readonly string[],
): Promise<readonly string[]> {
  const known = stream.frames.length;
  const events = candidates.map((topic) => ({ topic }));
  await publish(target, events);
  const isLast = ({ event }: ReceivedFrame): boolean => event === candidates.at(-1);
  await waitUntil(() => stream.frames.slice(known).some(isLast), "the last topic in a stream");
  return stream.frames.slice(known).map(({ event }) => event ?? "");
}

/** The names of frames, in order. */
export function namesOf(frames: readonly ReceivedFrame[]): readonly (string | undefined)[] {
  return frames.map(({ event }) => event);
}

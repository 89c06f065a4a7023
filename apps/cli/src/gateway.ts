import { isJsonObject } from "@sluice/protocol";
import { type Command, Option } from "commander";
import { ArgumentError, InputError, messageOf, UnreachableError } from "./command-error.ts";

/** What every command is given that works through a gateway. */
export interface GatewayOptions {
  readonly url?: string;
  readonly token?: string;
}

/** A gateway, or the balancer in front of some. */
export interface Gateway {
  /** Ends in a slash. */
  readonly url: URL;
  /** Whose requests these are; nothing for a guest's. */
  readonly token: string | undefined;
}

const answerMs = 30_000;

/** Adds the options that say which gateway, and as whom. */
export function withGateway(command: Command): Command {
  return command
    .addOption(new Option("--url <url>", "a gateway, or the balancer in front of them").env("SLUICE_URL"))
    .addOption(tokenOption("whose requests these are"));
}

/** Makes the option that says as whom. */
export function tokenOption(description: string): Option {
  return new Option("--token <token>", description).env("SLUICE_TOKEN").argParser(readToken);
}

/** What no header can carry would look as if nobody answered, and be shown by those who say so. */
function readToken(text: string): string {
  const token = text.trim();
  if (/^[ -~]*$/.test(token)) return token;
  throw new ArgumentError(
    "--token (SLUICE_TOKEN): expected a token, of letters, digits and signs in ASCII, got others",
  );
}

/** Reads which gateway is meant. */
export function gatewayOf({ url, token }: GatewayOptions): Gateway {
  if (url === undefined) throw new ArgumentError("expected --url or SLUICE_URL, got neither");
  return { url: readHttpUrl("--url (SLUICE_URL)", url), token };
}

/**
 * Reads the address of gateways, with or without `/api/realtime`.
 * @param where it was given
 * @returns without query and fragment; ends in a slash
 */
export function readHttpUrl(where: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") {
    // it may hold a password
    throw new ArgumentError(`${where}: expected a URL as in http://127.0.0.1:8080, got something else`);
  }
  url.pathname = url.pathname.replace(/(\/api\/realtime)?\/?$/, "/");
  url.search = "";
  url.hash = "";
  return url;
}

/**
 * Publishes events through a gateway.
 * @param events JSON
 * @returns their cursors
 * @throws as {@link post} does
 */
export async function publishThrough(
  gateway: Gateway,
  events: readonly string[],
): Promise<readonly string[]> {
  const answer = await post(gateway, "api/realtime/publish", `[${events.join()}]`);
  const { ids } = isJsonObject(answer) ? answer : {};
  if (Array.isArray(ids)) return ids.map(String);
  throw unreachable(gateway.url, "an answer without the ids of events");
}

/**
 * Posts JSON.
 * @param path behind the gateway's URL
 * @returns what the gateway answered; nothing where that is no JSON
 * @throws {UnreachableError} where it does not answer, or cannot do it now
 * @throws {InputError} where it refuses
 */
export async function post({ url, token }: Gateway, path: string, body: string): Promise<unknown> {
  const headers = { "Content-Type": "application/json", ...(token && { Authorization: token }) };
  const signal = AbortSignal.timeout(answerMs);
  let response: Response;
  let text: string;
  try {
    // led elsewhere, a POST would arrive as a GET, or without its token
    const request = { method: "POST", headers, body, signal, redirect: "manual" } as const;
    response = await fetch(new URL(path, url), request);
    text = await response.text();
  } catch (error) {
    throw unreachable(url, error);
  }
  const { status } = response;
  const location = response.headers.get("location");
  const value = parseAnswer(text);
  if (status < 300) return value;
  const words = location === null ? wordsOf(value) : `: it is at ${location}`;
  const message = `${url.origin} answered ${status} to POST /${path}${words}`;
  // there is no gateway, or the stream is over that was to be subscribed
  if (status >= 500 || status === 429 || status === 404 || location !== null) {
    throw new UnreachableError(message);
  }
  if (status !== 401 && status !== 403) throw new InputError(message);
  throw new InputError(`expected a token with the right (--token, SLUICE_TOKEN): ${message}`);
}

/** What is thrown where a gateway does not answer. */
export function unreachable({ origin }: URL, error: unknown): UnreachableError {
  // what fetch throws says nothing
  const { cause = error } = error instanceof Error ? error : {};
  return new UnreachableError(`expected a gateway at ${origin}, got ${messageOf(cause)}`, { cause: error });
}

function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** PocketBase's error bodies say what is wrong. */
function wordsOf(answer: unknown): string {
  const { message, data } = isJsonObject(answer) ? answer : {};
  const details = isJsonObject(data) && Object.keys(data).length > 0 ? ` ${JSON.stringify(data)}` : "";
  return typeof message === "string" ? `: ${message}${details}` : "";
}

import { isJsonObject } from "@sluice/protocol";
import { type Command, Option } from "commander";
import { valueOf } from "./command.ts";
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
    .addOption(new Option("--token <token>", "whose requests these are").env("SLUICE_TOKEN"));
}

/** Reads which gateway is meant. */
export function gatewayOf(options: GatewayOptions): Gateway {
  const text = valueOf(options.url);
  if (text === undefined) throw new ArgumentError("expected --url or SLUICE_URL, got neither");
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol) || url.username !== "") {
    // it may hold a password
    throw new ArgumentError(
      "--url (SLUICE_URL): expected a URL as in http://127.0.0.1:8080, got something else",
    );
  }
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return { url, token: valueOf(options.token) };
}

/**
 * Posts JSON.
 * @returns what the gateway answered; nothing where that is empty
 * @throws {UnreachableError} where it does not answer, or cannot do it now
 * @throws {InputError} where it refuses
 */
export async function post({ url, token }: Gateway, path: string, body: unknown): Promise<unknown> {
  const headers = {
    "Content-Type": "application/json",
    ...(token === undefined ? {} : { Authorization: token }),
  };
  const request = {
    method: "POST",
    headers,
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(answerMs),
  };
  const { status, text } = await fetch(new URL(path, url), request).then(
    async (response) => ({ status: response.status, text: await response.text() }),
    (error: unknown) => {
      throw unreachable(url, error);
    },
  );
  const answer = parseAnswer(text);
  if (status < 300) return answer;
  const message = `${url.origin} answered ${status} to POST /${path}${wordsOf(answer)}`;
  // there is no gateway, or the stream is over that was to be subscribed
  if (status >= 500 || status === 429 || status === 404) throw new UnreachableError(message);
  if (status === 401 || status === 403) {
    throw new InputError(`expected a token with the right (--token, SLUICE_TOKEN): ${message}`);
  }
  throw new InputError(message);
}

/** What is thrown where a gateway does not answer. */
export function unreachable({ origin }: URL, error: unknown): UnreachableError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const reason = messageOf(cause) || (isJsonObject(cause) ? String(cause["code"]) : "no answer");
  return new UnreachableError(`expected a gateway at ${origin}, got ${reason}`, { cause: error });
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

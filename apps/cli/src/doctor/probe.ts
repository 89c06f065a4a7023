import { once } from "node:events";
import { type IncomingHttpHeaders, request as requestHttp1 } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import type { Readable } from "node:stream";
import { connect as connectTls, TLSSocket } from "node:tls";
import { messageOf } from "../command-error.ts";

/** The address that clients are given, and how it is asked. */
export interface ProbeTarget {
  /** What `/api/realtime` is put behind. */
  readonly base: URL;
  /** Whether any certificate will do. */
  readonly insecure: boolean;
  /** Of a page that asks; none sends no `Origin`. */
  readonly origin: string | undefined;
  readonly token: string | undefined;
}

/** One request. */
export interface ProbeRequest {
  readonly method: "GET" | "HEAD" | "OPTIONS" | "POST";
  /** With its query, behind the target's base. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The head of an answer, and what comes behind it. */
export interface ProbeAnswer {
  readonly status: number;
  readonly isHttp2: boolean;
  /** Empty where it is not there. */
  readonly header: (name: string) => string;
  readonly body: Readable;
  /** Hangs up. */
  readonly close: () => void;
}

/** An answer, all of it read. */
export interface WholeAnswer extends ProbeAnswer {
  readonly text: string;
}

/** Thrown where no answer came. */
export class ProbeError extends Error {
  /** Node's or OpenSSL's. */
  readonly code: string;
  override readonly name = "ProbeError";

  constructor(message: string, code: string, cause: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** As browsers send it. */
export const browserEncodings = "gzip, deflate, br, zstd";

const answerSeconds = 10;
const maxBodyCharacters = 64 * 1024;

/**
 * Sends one request on a connection of its own, HTTP/2 where TLS agrees on it, and follows nothing.
 * @throws {ProbeError} where no head comes within 10 s
 */
export async function ask(target: ProbeTarget, request: ProbeRequest): Promise<ProbeAnswer> {
  const signal = AbortSignal.timeout(answerSeconds * 1000);
  let socket: Socket | undefined;
  try {
    socket = connect(target);
    await once(socket, socket instanceof TLSSocket ? "secureConnect" : "connect", { signal });
    return await send(target, request, { socket, signal });
  } catch (error) {
    socket?.destroy();
    const message = signal.aborted ? `nothing came within ${answerSeconds} s` : messageOf(error);
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    throw new ProbeError(message, code, error);
  }
}

/** Sends one request and reads the whole answer, up to 64 KiB within 10 s. */
export async function askWhole(target: ProbeTarget, request: ProbeRequest): Promise<WholeAnswer> {
  const answer = await ask(target, request);
  const timer = setTimeout(answer.close, answerSeconds * 1000);
  let text = "";
  try {
    for await (const chunk of answer.body) {
      text += String(chunk);
      if (text.length > maxBodyCharacters) break;
    }
  } catch {
    // of a body that breaks off, what came is what it is judged by
  }
  clearTimeout(timer);
  answer.close();
  return { ...answer, text };
}

/** Posts JSON with the target's token, and reads the whole answer. */
export function postJson(target: ProbeTarget, path: string, body: unknown): Promise<WholeAnswer> {
  const { token } = target;
  const headers = { "content-type": "application/json", ...(token && { authorization: token }) };
  return askWhole(target, { method: "POST", path, headers, body: JSON.stringify(body) });
}

function connect({ base, insecure }: ProbeTarget): Socket {
  const host = base.hostname.replace(/^\[(.*)\]$/, "$1");
  if (base.protocol === "http:") return connectTcp({ host, port: Number(base.port || 80) });
  return connectTls({
    host,
    port: Number(base.port || 443),
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ALPNProtocols: ["h2", "http/1.1"],
    rejectUnauthorized: !insecure,
  });
}

interface Head {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
}

async function send(
  { base, origin }: ProbeTarget,
  { method, path, headers: own, body: text }: ProbeRequest,
  { socket, signal }: { readonly socket: Socket; readonly signal: AbortSignal },
): Promise<ProbeAnswer> {
  const whole = `${base.pathname.replace(/\/$/, "")}${path}`;
  const sent = { ...(origin === undefined ? {} : { origin }), ...own };
  const createConnection = (): Socket => socket;
  const isHttp2 = socket instanceof TLSSocket && socket.alpnProtocol === "h2";
  const { promise, resolve, reject } = Promise.withResolvers<Head>();
  signal.addEventListener("abort", () => reject(signal.reason));
  if (isHttp2) {
    const session = connectHttp2(base, { createConnection }).on("error", reject);
    const stream = session.request({ ":method": method, ":path": whole, ...sent }).on("error", reject);
    stream.on("response", (headers) => resolve({ status: headers[":status"] ?? 0, headers, body: stream }));
    stream.end(text);
  } else {
    const headers = { host: base.host, ...sent };
    const outgoing = requestHttp1({ createConnection, method, path: whole, headers }).on("error", reject);
    outgoing.on("response", (response) =>
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: response }),
    );
    outgoing.end(text);
  }
  const { status, headers, body } = await promise;
  // an answer that breaks off is seen by how its body ends
  body.on("error", reject);
  return {
    status,
    isHttp2,
    header: (name) => String(headers[name] ?? ""),
    body,
    close: () => socket.destroy(),
  };
}

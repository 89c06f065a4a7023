import type { IncomingMessage } from "node:http";
import type { ErrorAnswer, FormFields } from "@sluice/protocol";
import { SlabBytes, type SlabPool } from "./slab-pool.ts";

/** Go keeps a byte order mark, and its JSON decoder refuses it. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A body within this is read, however many others are on their way. */
const smallBodyBytes = 16 * 1024;

const tooLarge: ErrorAnswer = { status: 413, message: "Request entity too large." };
const tooMany: ErrorAnswer = {
  status: 503,
  message: "Too many large requests at once.",
  retryAfterSeconds: 1,
};

/**
 * A request's body, by the beginning of its content type. `unreadable` is a type that nobody parses, or a form that is
 * broken.
 */
export type RequestBody =
  | { readonly kind: "empty" }
  | { readonly kind: "json"; readonly text: string }
  | { readonly kind: "form"; readonly fields: FormFields }
  | { readonly kind: "refused"; readonly answer: ErrorAnswer }
  | { readonly kind: "unreadable" };

/** The limits of a reader of bodies. */
export interface BodyLimits {
  /** Most bytes of one; a larger one is refused with 413. */
  readonly bodyBytes: number;
  /** Most bytes of all that are on their way; whose next bytes are too many is refused with 503, unless it is small. */
  readonly totalBytes: number;
  readonly pool: SlabPool;
  readonly onRefused: (reason: "large_body" | "large_bodies") => void;
}

/** Reads the bodies of requests. */
export class BodyReader {
  readonly #limits: BodyLimits;
  #waitingBytes = 0;

  constructor(limits: BodyLimits) {
    this.#limits = limits;
  }

  /**
   * Reads a body to its end. Forms are joined with the query of the URL, behind the body's own fields.
   * @throws where the sender hangs up meanwhile
   * @see PocketBase tools/router/event.go BindBody
   */
  async read(request: IncomingMessage): Promise<RequestBody> {
    const declaredBytes = Number(request.headers["content-length"] ?? 0);
    const isChunked = request.headers["transfer-encoding"] !== undefined;
    if (declaredBytes === 0 && !isChunked) return { kind: "empty" };
    const bytes = declaredBytes > this.#limits.bodyBytes ? tooLarge : await this.#readBytes(request);
    if ("status" in bytes) {
      this.#limits.onRefused(bytes === tooLarge ? "large_body" : "large_bodies");
      return { kind: "refused", answer: bytes };
    }
    const type = request.headers["content-type"] ?? "";
    if (type.startsWith("application/json")) return { kind: "json", text: decoder.decode(bytes) };
    if (type.startsWith("multipart/form-data") || type.startsWith("application/x-www-form-urlencoded")) {
      return readForm(bytes, type, queryOf(request));
    }
    return { kind: "unreadable" };
  }

  async #readBytes(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer> | ErrorAnswer> {
    const { bodyBytes, totalBytes } = this.#limits;
    const bytes = new SlabBytes(this.#limits.pool);
    try {
      // else the connection would be cut, and nobody told why
      for await (const chunk of request.iterator({ destroyOnReturn: false })) {
        this.#waitingBytes += chunk.length;
        bytes.append(chunk);
        if (bytes.length > bodyBytes) return tooLarge;
        if (bytes.length > smallBodyBytes && this.#waitingBytes > totalBytes) return tooMany;
      }
      return bytes.joined();
    } finally {
      this.#waitingBytes -= bytes.length;
      bytes.release();
    }
  }
}

async function readForm(
  bytes: Uint8Array<ArrayBuffer>,
  type: string,
  query: URLSearchParams,
): Promise<RequestBody> {
  try {
    const form = await new Response(bytes, { headers: { "Content-Type": type } }).formData();
    const texts = [...form].filter((field): field is [string, string] => typeof field[1] === "string");
    return { kind: "form", fields: [...texts, ...query] };
  } catch {
    return { kind: "unreadable" };
  }
}

function queryOf({ url = "" }: IncomingMessage): URLSearchParams {
  const start = url.indexOf("?");
  return new URLSearchParams(start < 0 ? "" : url.slice(start));
}

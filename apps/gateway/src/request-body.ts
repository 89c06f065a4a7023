import type { IncomingMessage } from "node:http";
import type { FormFields } from "@sluice/protocol";

/** Go keeps a byte order mark, and its JSON decoder refuses it. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Most bytes of a request body. */
const maxBodyBytes = 32 * 1024 * 1024;

/**
 * A request's body, by the beginning of its content type. `unreadable` is a type that nobody parses, a form that is
 * broken, or a body without declared length that turned out too large.
 */
export type RequestBody =
  | { readonly kind: "empty" }
  | { readonly kind: "json"; readonly text: string }
  | { readonly kind: "form"; readonly fields: FormFields }
  | { readonly kind: "too-large" }
  | { readonly kind: "unreadable" };

/**
 * Reads the body of a request to its end. Forms are joined with the query of the URL, behind the body's own fields.
 * @throws where the sender hangs up meanwhile
 * @see PocketBase tools/router/event.go BindBody
 */
export async function readBody(request: IncomingMessage): Promise<RequestBody> {
  const declaredBytes = Number(request.headers["content-length"] ?? 0);
  const isChunked = request.headers["transfer-encoding"] !== undefined;
  if (declaredBytes === 0 && !isChunked) return { kind: "empty" };
  if (declaredBytes > maxBodyBytes) return { kind: "too-large" };
  const type = request.headers["content-type"] ?? "";
  const bytes = await readBytes(request);
  if (bytes === undefined) return { kind: "unreadable" };
  if (type.startsWith("application/json")) return { kind: "json", text: decoder.decode(bytes) };
  if (type.startsWith("multipart/form-data") || type.startsWith("application/x-www-form-urlencoded")) {
    return readForm(bytes, type, queryOf(request));
  }
  return { kind: "unreadable" };
}

async function readBytes(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of request) {
    total += chunk.length;
    if (total > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
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

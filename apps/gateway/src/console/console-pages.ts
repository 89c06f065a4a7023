import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { answerError } from "../answers.ts";
import type { NodeContext } from "../gateway-context.ts";

/** Where Vite puts what it builds. */
const builtAt = fileURLToPath(new URL("../../../console/dist/", import.meta.url));

const types: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

interface Page {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

/** The console's files, in memory. */
export class ConsolePages {
  readonly #pages: ReadonlyMap<string, Page>;

  private constructor(pages: ReadonlyMap<string, Page>) {
    this.#pages = pages;
  }

  /**
   * Reads the files once; where they are not built there are none.
   * @param folder where they are
   */
  static async read(folder = builtAt): Promise<ConsolePages> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    const pages = new Map<string, Page>();
    for (const entry of entries.filter((one) => one.isFile() && types[extname(one.name)] !== undefined)) {
      const file = join(entry.parentPath, entry.name);
      pages.set(file.slice(folder.length), pageOf(file, await readFile(file)));
    }
    return new ConsolePages(pages);
  }

  /** @param name a file below the folder, as `index.html` */
  show(name: string, context: NodeContext): Response {
    const page = this.#pages.get(name);
    if (page === undefined) {
      const isBuilt = this.#pages.size > 0;
      const message = isBuilt
        ? "The requested resource wasn't found."
        : "The console is not built: npm run build";
      return answerError(context, { status: 404, message });
    }
    const isKnown = context.req.header("If-None-Match")?.includes(page.headers["ETag"] ?? "") === true;
    return isKnown ? context.body(null, 304, page.headers) : context.body(page.body, 200, page.headers);
  }
}

function pageOf(file: string, body: Uint8Array<ArrayBuffer>): Page {
  const type = extname(file);
  // names of all else have a hash of what is in them
  const caching = type === ".html" ? "no-cache" : "public, max-age=31536000, immutable";
  const headers = {
    "Content-Type": types[type] ?? "",
    "Cache-Control": caching,
    ETag: `"${createHash("sha256").update(body).digest("base64url")}"`,
    "Content-Security-Policy": contentSecurityPolicy,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
  };
  return { body, headers };
}

import type { MiddlewareHandler } from "hono";

/** Headers that every answer carries. */
const securityHeaders = [
  ["X-XSS-Protection", "1; mode=block"],
  ["X-Content-Type-Options", "nosniff"],
  ["X-Frame-Options", "SAMEORIGIN"],
] as const;

const methods = "GET,HEAD,PUT,PATCH,POST,DELETE";

/**
 * The headers of an answer to a request from an origin, as PocketBase sets them: `*` is answered literally, listed
 * origins and wildcard patterns with the origin itself, others with nothing.
 * @see PocketBase apis/middlewares_cors.go
 */
export function originHeaders(
  origins: readonly string[],
  origin: string | undefined,
): readonly (readonly [name: string, value: string])[] {
  const base = [...securityHeaders, ["Vary", "Origin"] as const];
  const allowed = origin === undefined || origin === "" ? undefined : allowedOrigin(origins, origin);
  return allowed === undefined ? base : [...base, ["Access-Control-Allow-Origin", allowed] as const];
}

function allowedOrigin(origins: readonly string[], origin: string): string | undefined {
  if (origins.includes("*")) return "*";
  return origins.some((pattern) => matches(pattern, origin)) ? origin : undefined;
}

function matches(pattern: string, origin: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join(".*")}$`).test(origin);
}

/** Sets the headers of every answer, and answers every preflight itself. */
export function cors(origins: readonly string[]): MiddlewareHandler {
  return async (context, next) => {
    const origin = context.req.header("Origin");
    for (const [name, value] of originHeaders(origins, origin)) context.header(name, value);
    if (context.req.method !== "OPTIONS") return next();
    if (origin === undefined || origin === "") return context.body(null, 204);
    context.header("Vary", "Access-Control-Request-Method", { append: true });
    context.header("Vary", "Access-Control-Request-Headers", { append: true });
    context.header("Access-Control-Allow-Methods", methods);
    const asked = context.req.header("Access-Control-Request-Headers");
    if (asked !== undefined && asked !== "") context.header("Access-Control-Allow-Headers", asked);
    return context.body(null, 204);
  };
}

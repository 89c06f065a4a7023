import { type Finding, found, mendable } from "./finding.ts";
import { askWhole, postJson, type ProbeAnswer, type ProbeError, type ProbeTarget } from "./probe.ts";
import { remediesOf } from "./proxy-remedies.ts";
import { subscribe } from "./nudge.ts";

/** Says why no answer came at all. */
export function reachFault({ base }: ProbeTarget, { code, message }: ProbeError): Finding {
  const says = /CERT|SIGNATURE|ISSUER|ALTNAME/.test(code)
    ? `the certificate of ${base.host} is refused: ${message} (${code}). It must be sent with those between it and its authority; --insecure looks at all else`
    : code.startsWith("ERR_SSL")
      ? `no TLS at ${base.host}: ${message}. Where it speaks plain HTTP, its address begins with http://`
      : `no answer from ${base.host}: ${message}`;
  return found("reach", "unreachable", says);
}

/** What is wrong with the head of what should be a stream. */
export function routeFault(answer: ProbeAnswer): Finding | undefined {
  const type = answer.header("content-type");
  if (answer.status === 200 && type.startsWith("text/event-stream")) return undefined;
  const says = describeRefusal(answer);
  if (says !== undefined) return found("route", "wrong", `${answer.status}${says}`);
  const got = `${answer.status} and ${type || "no type"}`;
  return mendable("route", `expected 200 and text/event-stream, got ${got}: not Sluice`);
}

/** What a status says of where the request came; nothing where it may have come anywhere. */
function describeRefusal({ status, header }: ProbeAnswer): string | undefined {
  if (status >= 300 && status < 400) {
    return `, a redirect to ${header("location")}, which POSTs do not survive: give clients the address that it leads to`;
  }
  if ([401, 403, 407].includes(status)) {
    return ": something in front of the nodes wants credentials, and streams are opened without any";
  }
  if (status === 429) return ": too many requests or streams of this address";
  if (status < 500) return undefined;
  return ": the proxy reaches no node, or none takes streams (/readyz of the nodes tells)";
}

/** Whether all tabs of a browser can share a connection. */
export function httpFinding({ isHttp2 }: ProbeAnswer): Finding {
  if (isHttp2) return found("http", "good", "HTTP/2: all tabs of a browser share a connection");
  const says =
    "HTTP/1.1: browsers open six connections for all tabs of a site, and each stream takes one; HTTP/2 needs TLS";
  return found("http", "note", says, remediesOf("http"));
}

/** Stickiness, where a cookie shows it. */
export function stickinessNote({ header }: ProbeAnswer): Finding | undefined {
  const [name] = header("set-cookie").split("=");
  if (name === undefined || name === "") return undefined;
  return found("stickiness", "note", `the cookie ${name} is set; if for stickiness, none is needed`);
}

/** Whether pages of another origin may open streams and subscribe them. */
export async function originFinding(
  target: ProbeTarget,
  origin: string,
  head: ProbeAnswer,
): Promise<Finding> {
  const allows = ({ header }: ProbeAnswer): boolean => ["*", origin].includes(header(allowOrigin));
  if (!allows(head)) {
    const got = head.header(allowOrigin) || "none";
    const says = got.includes(",")
      ? `got Access-Control-Allow-Origin twice (${got}): the nodes send it, the proxy must not`
      : `expected Access-Control-Allow-Origin for ${origin}, got ${got}: CORS_ORIGINS of the nodes must have it, and the proxy keep it`;
    return found("cors", "wrong", says);
  }
  const wanted = ["content-type", "authorization"];
  const preflight = await askWhole(target, {
    method: "OPTIONS",
    path: "/api/realtime",
    headers: { "access-control-request-method": "POST", "access-control-request-headers": wanted.join() },
  });
  const allowed = preflight.header("access-control-allow-headers").toLowerCase();
  const passes =
    preflight.status < 300 &&
    allows(preflight) &&
    /POST|\*/.test(preflight.header("access-control-allow-methods")) &&
    wanted.every((name) => allowed.includes(name));
  if (passes) return found("cors", "good", `pages of ${origin} may open streams and subscribe them`);
  const says = `${preflight.status} to OPTIONS, without leave to POST with ${wanted.join(" and ")}: a node must answer it`;
  return found("cors", "wrong", says);
}

const allowOrigin = "access-control-allow-origin";

// enough to come to another node, where requests go round
const posts = 3;

/** Whether POSTs find the stream, from other connections and without cookies. */
export async function postFinding(target: ProbeTarget, clientId: string): Promise<Finding> {
  for (let count = 0; count < posts; count++) {
    const { status, text } = await subscribe(target, clientId);
    if (status === 204) continue;
    if (status === 503 || status === 429) return found("posts", "wrong", `${status} to POST: ${text.trim()}`);
    const isElsewhere = status === 404 && text.includes("client id");
    const says = isElsewhere
      ? `404 to POST number ${count + 1}: it came to a node with another REDIS_URL or KEY_PREFIX, or to another PocketBase`
      : `expected 204 to POST, got ${status}: it does not go where the stream goes`;
    return found("posts", "wrong", says, remediesOf("route"));
  }
  const says = `${posts} POSTs found the stream, each on a connection of its own and without cookies`;
  return found("posts", "good", says);
}

/** Whether the target's token arrives, and whose it is. */
export async function tokenFinding(target: ProbeTarget): Promise<Finding> {
  const { status } = await postJson(target, "/api/realtime/publish", []);
  if (status === 403) return found("token", "good", "it is an auth record's");
  if (status === 200 || status === 400) return found("token", "good", "it is a superuser's");
  if (status !== 401) {
    return found("token", "note", `not known: ${status} from /api/realtime/publish, which would tell`);
  }
  const says =
    "it counts as a guest's: it is bad or has expired, or the proxy does not pass Authorization on";
  return found("token", "wrong", says);
}

import { readFileSync } from "node:fs";
import { RedisUrlError } from "./redis-url-error.ts";

/** Where Redis is and how to sign in. */
export interface RedisUrl {
  /** Whether the hosts are one Redis, Sentinels, or some nodes of a cluster. */
  readonly kind: "single" | "sentinel" | "cluster";
  /** Exactly one where Redis is single. */
  readonly hosts: readonly [RedisHost, ...RedisHost[]];
  readonly login: RedisLogin;
  readonly database: number;
  /** What Sentinels call the primary. */
  readonly primary: string | undefined;
  readonly sentinelLogin: RedisLogin;
  /** Nothing where connections are plain. */
  readonly tls: TlsFiles | undefined;
}

export interface RedisHost {
  readonly host: string;
  readonly port: number;
}

interface RedisLogin {
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** In PEM, what is not to be the system's own. */
interface TlsFiles {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

const form =
  /^redis(?<tls>s?)(?:\+(?<kind>sentinel|cluster))?:\/\/(?:(?<login>[^/?#]*)@)?(?<hosts>[^/?#]*)(?:\/(?<path>[^?#]*))?(?:\?(?<query>[^#]*))?$/;

const hostForm = /^(?:\[(?<address>[\da-f:.]+)\]|(?<name>[\w.-]+))(?::(?<port>\d{1,5}))?$/i;

/** What stands behind the hosts. */
const paths = {
  single: { form: /^(?<database>\d*)$/, words: "the number of a database behind the host, or nothing" },
  sentinel: {
    form: /^(?<primary>[\w.-]+)(?:\/(?<database>\d+))?$/,
    words: "the primary's name behind the Sentinels, as in redis+sentinel://host:26379/mymaster",
  },
  cluster: { form: /^(?<database>0?)$/, words: "nothing behind the hosts: a cluster has only one database" },
};

const sentinelParameters = ["sentinelUsername", "sentinelPassword"];
const tlsParameters = ["ca", "cert", "key"];

/**
 * Reads where Redis is, and the files that are named there:
 *
 * - `redis://[[user]:password@]host[:port][/database]`
 * - `redis+sentinel://…host[:port],…/primary[/database][?sentinelUsername=…&sentinelPassword=…]`
 * - `redis+cluster://…host[:port],…`
 *
 * `rediss` is TLS, with `?ca=…&cert=…&key=…` for files in PEM.
 * @throws {RedisUrlError}
 */
export function parseRedisUrl(text: string): RedisUrl {
  const parts = form.exec(text)?.groups;
  if (parts === undefined) {
    throw new RedisUrlError(
      "a URL beginning with redis://, redis+sentinel:// or redis+cluster:// (rediss for TLS)",
    );
  }
  const kind = parts["kind"] === "sentinel" || parts["kind"] === "cluster" ? parts["kind"] : "single";
  const path = paths[kind].form.exec(parts["path"] ?? "")?.groups;
  if (path === undefined) throw new RedisUrlError(paths[kind].words);
  const isTls = parts["tls"] === "s";
  const known = [...(kind === "sentinel" ? sentinelParameters : []), ...(isTls ? tlsParameters : [])];
  const parameters = parseParameters(parts["query"] ?? "", known);
  return {
    kind,
    hosts: parseHosts(parts["hosts"] ?? "", kind),
    login: parseLogin(parts["login"] ?? ""),
    database: Number(path["database"] ?? 0),
    primary: path["primary"],
    sentinelLogin: {
      username: parameters.get("sentinelUsername") ?? undefined,
      password: parameters.get("sentinelPassword") ?? undefined,
    },
    tls: isTls ? readFiles(parameters) : undefined,
  };
}

function parseHosts(text: string, kind: RedisUrl["kind"]): RedisUrl["hosts"] {
  const [first = "", ...more] = text.split(",");
  if (kind === "single" && more.length > 0) {
    throw new RedisUrlError(
      "one host; several are Sentinels (redis+sentinel://) or a cluster (redis+cluster://)",
    );
  }
  const parse = (host: string): RedisHost => parseHost(host, kind === "sentinel" ? 26_379 : 6_379);
  return [parse(first), ...more.map(parse)];
}

function parseHost(text: string, defaultPort: number): RedisHost {
  const parts = hostForm.exec(text)?.groups;
  const host = parts?.["address"] ?? parts?.["name"];
  const port = Number(parts?.["port"] ?? defaultPort);
  if (host === undefined || port > 65_535) throw new RedisUrlError("hosts as name, name:port or [IPv6]:port");
  return { host, port };
}

function parseLogin(text: string): RedisLogin {
  const [, username = "", password] = /^([^:]*)(?::(.*))?$/.exec(text) ?? [];
  try {
    return {
      username: username === "" ? undefined : decodeURIComponent(username),
      password: password === undefined ? undefined : decodeURIComponent(password),
    };
  } catch (cause) {
    throw new RedisUrlError("user:password with special characters percent-encoded", { cause });
  }
}

function parseParameters(query: string, known: readonly string[]): URLSearchParams {
  const parameters = new URLSearchParams(query);
  const unknown = [...parameters.keys()].find((name) => !known.includes(name));
  if (unknown === undefined) return parameters;
  throw new RedisUrlError(known.length === 0 ? "no parameters" : `no parameters but ${known.join(", ")}`);
}

function readFiles(parameters: URLSearchParams): TlsFiles {
  const read = (name: string): Buffer => {
    try {
      return readFileSync(parameters.get(name) ?? "");
    } catch (cause) {
      throw new RedisUrlError(`a file in PEM as ${name}`, { cause });
    }
  };
  return Object.fromEntries(
    tlsParameters.filter((name) => parameters.has(name)).map((name) => [name, read(name)]),
  );
}

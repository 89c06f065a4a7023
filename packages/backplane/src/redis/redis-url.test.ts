import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parseRedisUrl } from "./redis-url.ts";

const nobody = { username: undefined, password: undefined };

const plain = {
  kind: "single",
  login: nobody,
  database: 0,
  primary: undefined,
  sentinelLogin: nobody,
  tls: undefined,
};

test.each([
  ["redis://redis", { ...plain, hosts: [{ host: "redis", port: 6379 }] }],
  ["redis://10.0.0.1:6380/", { ...plain, hosts: [{ host: "10.0.0.1", port: 6380 }] }],
  ["redis://[::1]:6380/7", { ...plain, hosts: [{ host: "::1", port: 6380 }], database: 7 }],
  ["rediss://redis", { ...plain, hosts: [{ host: "redis", port: 6379 }], tls: {} }],
  [
    "redis://:p%40ss@redis",
    { ...plain, hosts: [{ host: "redis", port: 6379 }], login: { username: undefined, password: "p@ss" } },
  ],
  [
    "redis://nodes:a:b@redis",
    { ...plain, hosts: [{ host: "redis", port: 6379 }], login: { username: "nodes", password: "a:b" } },
  ],
  [
    "redis+cluster://a:7000,b",
    {
      ...plain,
      kind: "cluster",
      hosts: [
        { host: "a", port: 7000 },
        { host: "b", port: 6379 },
      ],
    },
  ],
  [
    "rediss+sentinel://u:p@a,b:26380/my-master/2?sentinelUsername=s&sentinelPassword=q%26r",
    {
      kind: "sentinel",
      hosts: [
        { host: "a", port: 26379 },
        { host: "b", port: 26380 },
      ],
      login: { username: "u", password: "p" },
      database: 2,
      primary: "my-master",
      sentinelLogin: { username: "s", password: "q&r" },
      tls: {},
    },
  ],
])("%s", (text, url) => {
  expect(parseRedisUrl(text)).toEqual(url);
});

test("files are read when the URL is", () => {
  const file = fileURLToPath(new URL("../../../../LICENSE", import.meta.url));
  const { tls } = parseRedisUrl(`rediss://redis?ca=${encodeURIComponent(file)}`);
  expect(Object.keys(tls ?? {})).toEqual(["ca"]);
  expect(tls?.ca?.toString()).toContain("MIT");
});

test.each([
  ["redis:6379", "a URL beginning with redis://, redis+sentinel:// or redis+cluster:// (rediss for TLS)"],
  ["redis+ring://a", "a URL beginning with redis://, redis+sentinel:// or redis+cluster:// (rediss for TLS)"],
  ["redis://", "hosts as name, name:port or [IPv6]:port"],
  ["redis://a:70000", "hosts as name, name:port or [IPv6]:port"],
  ["redis+cluster://a,,b", "hosts as name, name:port or [IPv6]:port"],
  ["redis://a,b", "one host; several are Sentinels (redis+sentinel://) or a cluster (redis+cluster://)"],
  ["redis://a/b", "the number of a database behind the host, or nothing"],
  [
    "redis+sentinel://a",
    "the primary's name behind the Sentinels, as in redis+sentinel://host:26379/mymaster",
  ],
  ["redis+cluster://a/1", "nothing behind the hosts: a cluster has only one database"],
  ["redis://:%zz@a", "user:password with special characters percent-encoded"],
  ["redis://a?db=1", "no parameters"],
  ["redis://a?ca=x", "no parameters"],
  ["rediss://a?sentinelPassword=x", "no parameters but ca, cert, key"],
  ["rediss://a?ca=/nowhere/ca.crt", "a file in PEM as ca"],
])("%s is refused with what was expected", (text, expected) => {
  expect(() => parseRedisUrl(text)).toThrow(expect.objectContaining({ code: "bad_redis_url", expected }));
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RedisTls, startRedisTls } from "../../../../test/harness/redis-tls.ts";
import { checkRedis } from "./check-redis.ts";
import { parseRedisUrl } from "./redis-url.ts";

let open: RedisTls;
let closed: RedisTls;
beforeAll(async () => {
  open = await startRedisTls(false);
  closed = await startRedisTls(true);
});
afterAll(() => Promise.all([open.close(), closed.close()]));

async function reasonOf(url: string): Promise<string> {
  const findings = checkRedis(parseRedisUrl(url), "rt:");
  return findings.then(String, (error: Error) => error.message);
}

const query = (files: Readonly<Record<string, string>>): string =>
  `?${new URLSearchParams(files).toString()}`;

// two of them take the ten seconds for which Redis is looked for
describe.concurrent("TLS", { timeout: 30_000 }, () => {
  test("is spoken where the CA is named", async () => {
    const { ca } = open.files;
    expect(await reasonOf(`rediss://localhost:${open.tlsPort}${query({ ca })}`)).toBe("");
    expect(await reasonOf(`rediss://localhost:${closed.tlsPort}${query(closed.files)}`)).toBe("");
  });

  test("is refused with a CA that nobody knows", async () => {
    expect(await reasonOf(`rediss://localhost:${open.tlsPort}`)).toMatch(
      /its certificate is signed by a CA that is not known here; name the CA's file as \?ca=… \(self-signed/,
    );
  });

  test("is refused with another host", async () => {
    const { ca } = open.files;
    expect(await reasonOf(`rediss://127.0.0.1:${open.tlsPort}${query({ ca })}`)).toMatch(
      /its certificate is for other names than the host of the URL \(.*127\.0\.0\.1/,
    );
  });

  test("is refused without a certificate where Redis wants one", async () => {
    const { ca } = closed.files;
    expect(await reasonOf(`rediss://localhost:${closed.tlsPort}${query({ ca })}`)).toMatch(
      /it wants a client's certificate, as \?cert=…&key=…/,
    );
  });

  test("is asked for where it is missing", async () => {
    expect(await reasonOf(`redis://localhost:${open.tlsPort}`)).toMatch(
      /it hung up; perhaps it wants TLS, rediss:/,
    );
  });

  test("is doubted where nobody answers in it", async () => {
    expect(await reasonOf(open.plainUrl.replace("redis:", "rediss:"))).toMatch(
      /it did not answer; perhaps it is not there, or has no TLS/,
    );
  });
});

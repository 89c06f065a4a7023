import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { uniqueKeyPrefix } from "../harness/key-prefix.ts";
import { signToken } from "../harness/tokens.ts";
import { openTestRedis } from "../harness/test-redis.ts";
import { startPocketBase, superuser } from "../pocketbase/pocketbase-process.ts";
import { CaseSkipped } from "./case-skipped.ts";
import { cases } from "./cases.ts";
import { notApplicable } from "./not-applicable.ts";
import { PocketBaseWriter } from "./pocketbase-writer.ts";
import { layouts, readCollections, startTarget } from "./start-target.ts";
import { call, lackOf, type Target } from "./target.ts";

const help = `Checks a server against the wire of PocketBase's Realtime API, as of version 0.39.

  npm run conformance
      starts gateways of this checkout in three layouts and checks each
  npm run conformance -- --url http://127.0.0.1:8090
      checks the server at that address, a PocketBase too
  npm run conformance -- --url http://127.0.0.1:8080 --secret change-me
      the same, with tokens signed by that secret (a gateway's AUTH_SECRET)
  npm run conformance -- --url http://127.0.0.1:8090 --user-a TOKEN --user-b TOKEN --superuser TOKEN
      the same, with tokens of two records of one auth collection and of a superuser

  npm run conformance -- --pocketbase
      builds PocketBase from its Go module, starts one and checks it, with records written through its API
  npm run conformance -- --url http://127.0.0.1:8090 --superuser TOKEN --write
      the same on a PocketBase that runs already, and can be thrown away: collections are deleted and created

Cases that need something which the server does not have are skipped by name. Cases that publish need this gateway's
publish door and its demo collections (apps/gateway/demo/collections.json). Exit code: 0 where no case failed, 1 where
one did, 2 where the arguments are bad or the server cannot be reached.
`;

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

async function runCases(target: Target, counts: Counts): Promise<void> {
  process.stdout.write(`\n${target.name}\n`);
  for (const one of cases) {
    const lack = lackOf(target, one);
    if (lack !== undefined) {
      counts.skipped += 1;
      process.stdout.write(`  skip  ${one.name}: ${lack}\n`);
      continue;
    }
    try {
      await withinLimit(one.run(target));
      counts.passed += 1;
      process.stdout.write(`  ok    ${one.name}\n`);
    } catch (error) {
      if (error instanceof CaseSkipped) {
        counts.skipped += 1;
        process.stdout.write(`  skip  ${one.name}: ${error.message}\n`);
        continue;
      }
      counts.failed += 1;
      process.stdout.write(`  FAIL  ${one.name}\n${reasonOf(error).replace(/^/gm, "        ")}\n`);
    }
  }
}

/** Longer than any case takes; a server that does not answer must not hold the run up for ever. */
const caseLimitMs = 60_000;

async function withinLimit(work: Promise<void>): Promise<void> {
  const limit = new AbortController();
  const late = delay(caseLimitMs, undefined, { signal: limit.signal }).then(() => {
    throw new assert.AssertionError({ message: `not done after ${caseLimitMs} ms` });
  });
  try {
    await Promise.race([work, late]);
  } finally {
    limit.abort();
    late.catch(() => undefined);
  }
}

async function runOwn(counts: Counts): Promise<void> {
  const redis = await openTestRedis();
  try {
    for (const layout of layouts) {
      const { target, stop } = await startTarget(layout, {
        REDIS_URL: redis.url,
        KEY_PREFIX: uniqueKeyPrefix(),
      });
      await runCases(target, counts);
      await stop();
    }
  } finally {
    await redis.close();
  }
}

/** Starts a PocketBase that can be thrown away, and checks it. */
async function runPocketBase(counts: Counts): Promise<void> {
  const pocketBase = await startPocketBase();
  try {
    const path = "/api/collections/_superusers/auth-with-password";
    const body = JSON.stringify({ identity: superuser.email, password: superuser.password });
    const headers = { "Content-Type": "application/json" };
    const { text } = await call(pocketBase.url, { method: "POST", path, headers, body });
    await runCases(await describePocketBase(pocketBase.url, JSON.parse(text).token), counts);
  } finally {
    await pocketBase.close();
  }
}

async function describePocketBase(base: string, token: string): Promise<Target> {
  const writer = await PocketBaseWriter.open(base, token, readCollections());
  const tokenFor = (id: string, claims: Readonly<Record<string, unknown>> = {}): Promise<string> => {
    const { collectionId = "users", ...others } = claims;
    if (Object.keys(others).length === 0) return writer.tokenOf(String(collectionId), id);
    throw new CaseSkipped("PocketBase issues no tokens with claims that are asked for");
  };
  return {
    name: base,
    streamUrl: base,
    postUrl: base,
    publishes: false,
    writer,
    tokens: { userA: await tokenFor("userA"), userB: await tokenFor("userB"), superuser: token },
    sign: tokenFor,
    removeCollection: (name) => void writer.removeCollection(name),
  };
}

async function describeServer(url: string, options: Options): Promise<Target> {
  const base = url.replace(/\/+$/, "");
  const { secret, "user-a": userA, "user-b": userB, superuser: token, write } = options;
  const sign = (id: string, claims: Readonly<Record<string, unknown>> = {}): Promise<string> =>
    signToken(id, claims, secret);
  const server = { name: base, streamUrl: base, postUrl: base, publishes: await hasPublishDoor(base) };
  if (write === true) return describePocketBase(base, token ?? "");
  if (secret !== undefined) {
    const root = { collectionId: "pbc_3142635823" };
    const tokens = {
      userA: await sign("userA"),
      userB: await sign("userB"),
      superuser: await sign("root", root),
    };
    return { ...server, tokens, sign };
  }
  if (userA === undefined || userB === undefined || token === undefined) return server;
  return { ...server, tokens: { userA, userB, superuser: token } };
}

/** Only this gateway has the route: PocketBase answers 404. */
async function hasPublishDoor(base: string): Promise<boolean> {
  try {
    const { status } = await call(base, { method: "POST", path: "/api/realtime/publish" });
    return status === 401;
  } catch (error) {
    process.stderr.write(`--url: ${base} cannot be reached: ${reasonOf(error)}\n`);
    process.exit(2);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

interface Options {
  readonly url?: string;
  readonly secret?: string;
  readonly "user-a"?: string;
  readonly "user-b"?: string;
  readonly superuser?: string;
  readonly write?: boolean;
  readonly pocketbase?: boolean;
  readonly help?: boolean;
}

/** Reads the arguments; bad ones end the run with a word on what was expected. */
function readOptions(): Options {
  const text = { type: "string" } as const;
  const options = { url: text, secret: text, "user-a": text, "user-b": text, superuser: text } as const;
  try {
    const flag = { type: "boolean" } as const;
    const flags = { write: flag, pocketbase: flag, help: { ...flag, short: "h" } } as const;
    const { values } = parseArgs({ options: { ...options, ...flags } });
    checkOptions(values);
    return values;
  } catch (error) {
    process.stderr.write(`${reasonOf(error)}\n\n${help}`);
    process.exit(2);
  }
}

function checkOptions({ url, secret, write, pocketbase, help: _help, ...tokens }: Options): void {
  const given = Object.keys(tokens).length;
  if (url === undefined && (secret !== undefined || given > 0)) {
    throw new TypeError("expected --url beside --secret, --user-a, --user-b and --superuser");
  }
  if (url !== undefined && !/^https?:\/\/./.test(url)) {
    throw new TypeError(`--url: expected an address beginning with http:// or https://, got ${url}`);
  }
  if (pocketbase === true && (url !== undefined || write !== undefined)) {
    throw new TypeError("expected --pocketbase alone");
  }
  if (write === true) {
    if (url !== undefined && given === 1 && tokens.superuser !== undefined && secret === undefined) return;
    throw new TypeError("expected --url and --superuser beside --write, and nothing else");
  }
  if (given > 0 && given < 3) throw new TypeError("expected --user-a, --user-b and --superuser, all three");
  if (given > 0 && secret !== undefined) throw new TypeError("expected either --secret or three tokens");
  if (secret === "") throw new TypeError("--secret: expected a text, got nothing");
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.help === true) return void process.stdout.write(help);
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  if (options.pocketbase === true) await runPocketBase(counts);
  else if (options.url === undefined) await runOwn(counts);
  else await runCases(await describeServer(options.url, options), counts);
  process.stdout.write("\nnot applicable\n");
  for (const [what, reason] of notApplicable) process.stdout.write(`  ${what}: ${reason}\n`);
  process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
  // a case that was given up may still hold a connection
  process.exit(counts.failed === 0 ? 0 : 1);
}

await main();

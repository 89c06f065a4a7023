import { parseArgs } from "node:util";
import { signToken } from "../harness/tokens.ts";
import { openTestRedis } from "../harness/test-redis.ts";
import { cases, notApplicable } from "./cases.ts";
import { layouts, startTarget } from "./start-target.ts";
import { call, lackOf, type Target } from "./target.ts";

const help = `Checks a server against the wire of PocketBase's Realtime API.

  npm run conformance
      starts gateways of this checkout in three layouts and checks each
  npm run conformance -- --url http://127.0.0.1:8090
      checks the server at that address, a PocketBase too
  npm run conformance -- --url http://127.0.0.1:8080 --secret change-me
      the same, with tokens signed by that secret (a gateway's AUTH_SECRET)
  npm run conformance -- --url http://127.0.0.1:8090 --user-a TOKEN --user-b TOKEN --superuser TOKEN
      the same, with tokens of two records of one auth collection and of a superuser

Cases that need something which the server does not have are skipped by name. Cases that publish need this gateway's
publish door and its demo collections (apps/gateway/demo/collections.json).
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
      await one.run(target);
      counts.passed += 1;
      process.stdout.write(`  ok    ${one.name}\n`);
    } catch (error) {
      counts.failed += 1;
      const reason = error instanceof Error ? error.message : String(error);
      process.stdout.write(`  FAIL  ${one.name}\n${reason.replace(/^/gm, "        ")}\n`);
    }
  }
}

async function runOwn(counts: Counts): Promise<void> {
  const redis = await openTestRedis();
  for (const layout of layouts) {
    const { target, stop } = await startTarget(layout, redis.url);
    await runCases(target, counts);
    await stop();
  }
  await redis.close();
}

async function describeServer(url: string, options: Options): Promise<Target> {
  const base = url.replace(/\/+$/, "");
  const { secret, "user-a": userA, "user-b": userB, superuser } = options;
  const sign = (id: string, claims: Readonly<Record<string, unknown>> = {}): Promise<string> =>
    signToken(id, claims, secret);
  const path = "/api/realtime/publish";
  // only our gateway has this route: PocketBase answers 404
  const { status } = await call(base, { method: "POST", path });
  const server = { name: base, streamUrl: base, postUrl: base, publishes: status === 401 };
  if (secret !== undefined) {
    const root = { collectionId: "pbc_3142635823" };
    const tokens = {
      userA: await sign("userA"),
      userB: await sign("userB"),
      superuser: await sign("root", root),
    };
    return { ...server, tokens, sign };
  }
  if (userA === undefined || userB === undefined || superuser === undefined) return server;
  return { ...server, tokens: { userA, userB, superuser } };
}

interface Options {
  readonly url?: string;
  readonly secret?: string;
  readonly "user-a"?: string;
  readonly "user-b"?: string;
  readonly superuser?: string;
  readonly help?: boolean;
}

/** Reads the arguments; bad ones end the run with a word on what was expected. */
function readOptions(): Options {
  const text = { type: "string" } as const;
  const options = { url: text, secret: text, "user-a": text, "user-b": text, superuser: text } as const;
  try {
    const { values } = parseArgs({ options: { ...options, help: { type: "boolean", short: "h" } } });
    if (values.url !== undefined && !/^https?:\/\//.test(values.url)) {
      throw new TypeError(`--url: expected an address beginning with http:// or https://, got ${values.url}`);
    }
    if (values.url === undefined && Object.keys(values).some((name) => name !== "help")) {
      throw new TypeError("expected --url beside --secret, --user-a, --user-b and --superuser");
    }
    return values;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    process.exit(2);
  }
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.help === true) return void process.stdout.write(help);
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  if (options.url === undefined) await runOwn(counts);
  else await runCases(await describeServer(options.url, options), counts);
  process.stdout.write("\nnot applicable\n");
  for (const [id, what, reason] of notApplicable) process.stdout.write(`  ${id}  ${what}: ${reason}\n`);
  process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
  process.exitCode = counts.failed === 0 ? 0 : 1;
}

await main();

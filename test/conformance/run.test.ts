import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, request, type RequestListener, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type GatewayProcess, startGateway, testSecret } from "../harness/gateway-process.ts";

const file = fileURLToPath(new URL("run.ts", import.meta.url));

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function run(...args: readonly string[]): Promise<Run> {
  const child = spawn(process.execPath, [file, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: child.exitCode, out, err };
}

const servers: Server[] = [];

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
}

let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await gateway.kill();
});

/** Passes everything on to the gateway but what only Sluice has, as if a PocketBase stood there. */
const withoutPublishDoor: RequestListener = (incoming, outgoing) => {
  if (incoming.url === "/api/realtime/publish") return void outgoing.writeHead(404).end();
  const { method, headers, url } = incoming;
  const forward = request(`${gateway.url}${url}`, { method, headers, agent: false }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  forward.flushHeaders();
  incoming.pipe(forward);
  forward.on("error", () => outgoing.destroy());
  outgoing.on("close", () => forward.destroy());
};

test("--help explains itself by examples", async () => {
  const { code, out } = await run("--help");
  expect(code).toBe(0);
  expect(out).toContain("npm run conformance -- --url http://127.0.0.1:8090 --user-a TOKEN");
});

test.each([
  ["--nonsense", "Unknown option '--nonsense'"],
  ["word", "Unexpected argument 'word'"],
  ["--url", "argument missing"],
  ["--url=ftp://a", "--url: expected an address beginning with http:// or https://, got ftp://a"],
  ["--url=http://127.0.0.1:1", "--url: http://127.0.0.1:1 cannot be reached: connect ECONNREFUSED"],
  ["--secret=a", "expected --url beside --secret"],
  ["--url=http://a --user-a=t", "expected --user-a, --user-b and --superuser, all three"],
  ["--url=http://a --secret=", "--secret: expected a text, got nothing"],
  [
    "--url=http://a --secret=s --user-a=a --user-b=b --superuser=c",
    "expected either --secret or three tokens",
  ],
  ["--pocketbase --url=http://a", "expected --pocketbase alone"],
  ["--url=http://a --write", "expected --url and --superuser beside --write, and nothing else"],
])("bad arguments %s end the run with 2 and a word on what was expected", async (args, message) => {
  const { code, err } = await run(...args.split(" "));
  expect(err).toContain(message);
  expect(code).toBe(2);
});

test("a server without the publish door is checked as far as it goes, the rest is skipped by name", async () => {
  const { code, out } = await run("--url", await serve(withoutPublishDoor), "--secret", testSecret);
  expect(out).not.toContain("FAIL");
  expect(out).toContain("  ok    an unknown client id is answered 404 [S1]\n");
  expect(out).toContain(
    "  skip  HEAD gets the headers of a stream and ends: needs Sluice: PocketBase answers",
  );
  expect(out).toContain("  skip  hidden fields are for superusers [H1]: needs the publish door");
  expect(out).toMatch(/\n[1-9]\d* passed, 0 failed, [1-9]\d* skipped\n$/);
  expect(code).toBe(0);
});

test("without tokens the cases that need them are skipped by name", async () => {
  const { code, out } = await run("--url", gateway.url);
  expect(out).toContain(
    "  skip  a stream of userB is answered 403 for userA [S13]: needs tokens (--secret, or",
  );
  expect(code).toBe(0);
});

test("a server that answers wrongly fails, and the run with it", async () => {
  const { code, out } = await run(
    "--url",
    await serve((_incoming, outgoing) => void outgoing.end("nonsense")),
  );
  expect(out).toContain("  FAIL  an unknown client id is answered 404 [S1]\n");
  expect(out).toMatch(/, [1-9]\d* failed, /);
  expect(code).toBe(1);
});

import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, describe, test } from "vitest";
import { examine, runDoctor } from "../harness/doctor.ts";
import { freePort } from "../harness/free-port.ts";
import { type GatewayProcess, startGateway } from "../harness/gateway-process.ts";
import { signSuperuserToken, signToken } from "../harness/tokens.ts";

// What no real proxy here can be made to do; the real ones are in doctor-proxies.test.ts. All is looked at side by side.

let gateway: GatewayProcess;
let impatient: GatewayProcess;
beforeAll(async () => {
  const env = { HEARTBEAT_SECONDS: "5", CORS_ORIGINS: "https://app.example.com" };
  [gateway, impatient] = await Promise.all([startGateway(env), startGateway({ ...env, IDLE_SECONDS: "2" })]);
});
afterAll(async () => {
  await Promise.all([gateway.kill(), impatient.kill()]);
});

function portOf({ url }: GatewayProcess): number {
  return Number(new URL(url).port);
}

interface Meddling {
  /** How long what has this text is held back. */
  readonly hold?: { readonly text: string; readonly ms: number };
  /** When a connection is reset, whatever goes through it. */
  readonly lifeMs?: number;
}

/** Forwards to a loopback port; keeps frames back, cuts, or forgets its connections as a NAT does, whose ends do not notice. */
async function startMeddlingProxy(target: number, { hold, lifeMs }: Meddling) {
  const pairs: (readonly [Socket, Socket])[] = [];
  let forgotten = 0;
  const listener = createServer((client) => {
    const server = connect(target, "127.0.0.1");
    const place = pairs.push([client, server]);
    if (lifeMs !== undefined) setTimeout(() => client.resetAndDestroy(), lifeMs);
    client.pipe(server);
    server.on("data", (chunk) => {
      if (place <= forgotten) return;
      if (hold !== undefined && chunk.includes(hold.text)) setTimeout(() => client.write(chunk), hold.ms);
      else client.write(chunk);
    });
    client.on("error", () => server.destroy());
    server.on("error", () => client.destroy());
    server.on("end", () => setTimeout(() => client.end(), hold?.ms ?? 0));
  });
  const port = await freePort();
  await once(listener.listen(port, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${port}`,
    forget: () => (forgotten = pairs.length),
    close: () => {
      for (const socket of pairs.flat()) socket.destroy();
      listener.close();
    },
  };
}

describe.concurrent("sluice doctor", () => {
  test("a node without a proxy is all right, and whose the token is", async ({ expect }) => {
    const origin = ["--origin", "https://app.example.com"];
    const [superuser, user] = await Promise.all([
      examine(gateway.url, ...origin, "--token", await signSuperuserToken()),
      examine(`${gateway.url}/api/realtime`, "--token", await signToken("u1")),
    ]);
    expect(superuser.wrong).toEqual([]);
    expect(superuser.status).toBe(0);
    expect(superuser.of("cors")).toMatch(/^good/);
    expect(superuser.of("token")).toBe("good: it is a superuser's");
    expect(user.of("token")).toBe("good: it is an auth record's");
  });

  test("a page of a foreign origin and a bad token are found out", async ({ expect }) => {
    const args = ["--origin", "https://evil.example.com", "--token", "bad"];
    const { wrong, status } = await examine(gateway.url, ...args);
    expect(wrong).toEqual(["cors", "token"]);
    expect(status).toBe(1);
  });

  test.for<[ms: number, says: RegExp]>([
    [3_000, /held back: an event came [23]\.\d s late$/],
    [60_000, /held back: an event had not come 5\.\d s after it was sent$/],
  ])("events that are held back for %i ms are found out", async ([ms, says], { expect }) => {
    const proxy = await startMeddlingProxy(portOf(gateway), { hold: { text: "event:@oauth2", ms } });
    const { wrong, of } = await examine(proxy.url);
    proxy.close();
    expect(wrong).toEqual(["buffering"]);
    expect(of("buffering")).toMatch(says);
  });

  test("a network that is slow for all is not taken for a proxy that holds back", async ({ expect }) => {
    const proxy = await startMeddlingProxy(portOf(gateway), { hold: { text: "", ms: 2_100 } });
    const { wrong, of } = await examine(proxy.url);
    proxy.close();
    expect(wrong).toEqual([]);
    expect(of("buffering")).toMatch(/^good/);
  });

  test("a limit for whole responses is told from one for silence", async ({ expect }) => {
    const proxy = await startMeddlingProxy(portOf(gateway), { lifeMs: 3_000 });
    const { of, wrong, advice } = await examine(proxy.url, "--seconds", "5");
    proxy.close();
    expect(wrong).toEqual(["age"]);
    expect(of("age")).toMatch(/cut after \d\.\d s, however busy/);
    expect(advice("age", "envoy").lines).toEqual(["timeout: 0s"]);
  });

  test("a connection that is forgotten without a word is found out", async ({ expect }) => {
    const proxy = await startMeddlingProxy(portOf(gateway), {});
    const { stdout, stderr, status } = await runDoctor([proxy.url, "--seconds", "5"], (progress) => {
      if (progress.startsWith("watching")) proxy.forget();
    });
    proxy.close();
    expect(stderr).toBe("watching a quiet stream for 5 s\n");
    expect(stdout).toMatch(/^WRONG {3}silence {5}cut without a word: the stream seems open/m);
    expect(stdout).toMatch(/^ {8}haproxy .*:\n {19}timeout client 60s\n {19}timeout server 60s\n/m);
    expect(status).toBe(1);
  });

  test("a stream that a node ends itself is no fault of the proxy", async ({ expect }) => {
    const { wrong, of, status } = await examine(impatient.url, "--seconds", "5");
    expect(wrong).toEqual([]);
    expect(of("silence")).toMatch(/^note: ended in order after [23]\.\d s, as nodes do \(IDLE_SECONDS/);
    expect(status).toBe(0);
  });

  test("what is no stream is told by its answer", async ({ expect }) => {
    const server = createHttpServer((request, response) => {
      const isMoved = request.url?.startsWith("/moved") === true;
      const location = isMoved ? { location: "https://rt.example.com/api/realtime" } : {};
      response.writeHead(isMoved ? 301 : 200, { "Content-Type": "text/html", ...location });
      response.end("<h1>Hello</h1>");
    });
    const port = await freePort();
    await once(server.listen(port, "127.0.0.1"), "listening");
    const url = `http://127.0.0.1:${port}`;
    const [page, moved] = await Promise.all([examine(url), examine(`${url}/moved/`)]);
    server.close();
    expect(page.of("route")).toBe(
      "wrong: expected 200 and text/event-stream, got 200 and text/html: not Sluice",
    );
    expect(page.status).toBe(1);
    expect(moved.of("route")).toContain("301, a redirect to https://rt.example.com/api/realtime");
    const gone = await examine(url);
    expect(gone.status).toBe(3);
    expect(gone.of("reach")).toContain("ECONNREFUSED");
  });

  test("lines are for one proxy where one is named", async ({ expect }) => {
    const { stdout, status } = await runDoctor([gateway.url, "--seconds", "1", "--proxy", "caddy"]);
    expect(stdout).toContain("\n        caddy    in the global options, under servers:\n");
    expect(stdout).not.toContain("nginx");
    expect(stdout).toMatch(/\n\nStreams are all right here\.\n$/);
    expect(status).toBe(0);
  });

  test.for<[args: readonly string[], says: RegExp]>([
    [[], /missing required argument 'url'/],
    [["http://u:hunter2@127.0.0.1:1"], /^error: <url>: expected a URL as in [^@]*$/],
    [["rt.example.com"], /<url>: expected a URL as in http:/],
    [
      ["http://127.0.0.1:1", "--seconds", "3601"],
      /--seconds: expected a whole number, from 1 to 3600, got 3601/,
    ],
    [["http://127.0.0.1:1", "--proxy", "squid"], /Allowed choices are nginx, haproxy, caddy, traefik, envoy/],
  ])("%j is misuse", async ([args, says], { expect }) => {
    const { status, stderr } = await runDoctor(args);
    expect(stderr).toMatch(says);
    expect(status).toBe(2);
  });
});

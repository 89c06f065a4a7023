import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import { remediesOf } from "../../apps/cli/src/doctor/proxy-remedies.ts";
import { hasCommand, installDebianPackage } from "../harness/debian-package.ts";
import { type AdvisedLines, examine } from "../harness/doctor.ts";
import { type GatewayProcess, startGateway } from "../harness/gateway-process.ts";
import { type BalancerName, startRealBalancer } from "../harness/real-balancer.ts";

// nginx and HAProxy as docs/balancers has them, but for what each case spoils; all cases are looked at side by side.

const cutSeconds = 10;
const longer = ["--seconds", "13"];

let gateway: GatewayProcess;
let stranger: GatewayProcess;
let brisk: GatewayProcess;
const certificates = mkdtempSync(join(tmpdir(), "sluice-doctor-"));
beforeAll(async () => {
  // longer than the proxies that cut bear
  const env = { HEARTBEAT_SECONDS: "20" };
  [gateway, stranger, brisk] = await Promise.all([
    startGateway(env),
    startGateway(env),
    startGateway({ HEARTBEAT_SECONDS: "5" }),
  ]);
  if (!hasCommand("openssl")) installDebianPackage("openssl", "openssl");
  const key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout site.key -out site.crt";
  const args = `req -x509 ${key} -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1`.split(" ");
  execFileSync("openssl", args, { cwd: certificates, stdio: "ignore" });
});
afterAll(async () => {
  await Promise.all([gateway.kill(), stranger.kill(), brisk.kill()]);
  rmSync(certificates, { recursive: true });
});

type Edit = (configuration: string) => string;

function put(behind: string, ...lines: readonly string[]): Edit {
  return (text) => {
    if (!text.includes(behind)) throw new TypeError(`expected ${behind} in the configuration`);
    return text.replace(behind, [behind, ...lines].join("\n"));
  };
}

const inLocation = "location = /api/realtime {";

/** Puts the lines that are advised into a configuration, in place of what is set there by the same words. */
const mends: Readonly<Record<BalancerName, (advice: AdvisedLines) => Edit>> = {
  nginx:
    ({ lines }) =>
    (text) =>
      text.replace(/location = \/api\/realtime \{[^}]*\}/, (block) =>
        lines.reduce((now, line) => setLine(now, line, { words: 1, behind: inLocation }), block),
      ),
  haproxy:
    ({ lines }) =>
    (text) =>
      lines.reduce((now, line) => setLine(now, line, { words: 2, behind: "backend nodes" }), text),
};

function setLine(
  text: string,
  line: string,
  { words, behind }: { readonly words: number; readonly behind: string },
): string {
  const name = line.split(" ").slice(0, words).join(" ");
  const same = new RegExp(`^ *${name} .*$`, "gm");
  return same.test(text) ? text.replace(same, line) : put(behind, line)(text);
}

const overTls: Edit = (text) =>
  put(
    "server {",
    `ssl_certificate ${certificates}/site.crt;`,
    `ssl_certificate_key ${certificates}/site.key;`,
  )(text.replace(/listen (.*);/, "listen $1 ssl http2;"));

const overTlsAndCut: Edit = (text) => put(inLocation, `proxy_read_timeout ${cutSeconds}s;`)(overTls(text));

const asItIs: Edit = (text) => text;

interface Spoiled {
  readonly name: BalancerName;
  readonly state: string;
  readonly spoil: Edit;
  readonly check: string;
  readonly says: RegExp;
}

const spoiled: readonly Spoiled[] = [
  {
    name: "nginx",
    state: "buffers",
    spoil: put(
      inLocation,
      "proxy_ignore_headers X-Accel-Buffering;",
      "proxy_buffering on;",
      "proxy_http_version 1.0;",
    ),
    check: "buffering",
    says: /held back: .* after 1\d\.\d s$/,
  },
  {
    name: "nginx",
    state: "compresses",
    spoil: put("http {", "gzip on;", "gzip_types text/event-stream;"),
    check: "compression",
    says: /compressed \(gzip\)/,
  },
  {
    name: "nginx",
    state: "holds back what it compresses",
    spoil: put(
      inLocation,
      "gzip on;",
      "gzip_types text/event-stream;",
      "proxy_ignore_headers X-Accel-Buffering;",
      "proxy_buffering on;",
    ),
    check: "compression",
    says: /compression holds it back/,
  },
  {
    name: "nginx",
    state: "cuts in silence",
    spoil: put(inLocation, `proxy_read_timeout ${cutSeconds}s;`),
    check: "silence",
    says: /cut after (9|10|11)\.\d s of silence: .*HEARTBEAT_SECONDS be 3$/,
  },
  {
    name: "haproxy",
    state: "waits for whole bodies",
    spoil: put("backend nodes", "  http-response wait-for-body time 4s"),
    check: "buffering",
    says: /held back: .* a GET had no stream after [4-7]\.\d s$/,
  },
  {
    name: "haproxy",
    state: "compresses",
    spoil: put(
      "frontend sluice",
      "  filter compression",
      "  compression algo gzip",
      "  compression type text/event-stream",
    ),
    check: "compression",
    says: /compressed \(gzip\)/,
  },
  {
    name: "haproxy",
    state: "cuts in silence",
    spoil: (text) => text.replace("timeout server 60s", `timeout server ${cutSeconds}s`),
    check: "silence",
    says: /cut after (9|10|11)\.\d s of silence/,
  },
];

async function standBehind<T>(
  name: BalancerName,
  { edit, nodes = [gateway] }: { readonly edit: Edit; readonly nodes?: readonly GatewayProcess[] },
  work: (url: string) => Promise<T>,
): Promise<T> {
  const urls = nodes.map(({ url }) => url);
  const balancer = await startRealBalancer(name, urls, { edit });
  try {
    return await work(balancer.url);
  } finally {
    await balancer.close();
  }
}

describe.concurrent("sluice doctor, behind real proxies", () => {
  test.for(spoiled)(
    "$name $state: it is found out, and mended by the line that is advised",
    async (cell, { expect }) => {
      const { name, spoil, check, says } = cell;
      const look = (url: string) => examine(url, ...(check === "silence" ? longer : []));
      const found = await standBehind(name, { edit: spoil }, look);
      expect(found.wrong).toEqual([check]);
      expect(found.of(check)).toMatch(says);
      expect(found.status).toBe(1);
      const mend = mends[name](found.advice(check, name));
      const mended = await standBehind(name, { edit: (text) => mend(spoil(text)) }, look);
      expect(mended.wrong).toEqual([]);
      expect(mended.status).toBe(0);
    },
  );

  test.for(["nginx", "haproxy"] as const)("%s as it is shipped is all right", async (name, { expect }) => {
    // long enough for a heartbeat
    const { wrong, status, of } = await standBehind(name, { edit: asItIs, nodes: [brisk] }, (url) =>
      examine(url, "--seconds", "8"),
    );
    expect(wrong).toEqual([]);
    expect(status).toBe(0);
    expect(of("buffering")).toBe("good: an event came as it was sent");
    expect(of("silence")).toMatch(/^good: open after \d\.\d s, silent for [4-6]\.\d s at most$/);
    expect(of("http")).toMatch(/^note: HTTP\/1.1: .* six connections/);
  });

  test("nodes that do not know each other's clients are found out", async ({ expect }) => {
    const { of, wrong } = await standBehind("nginx", { edit: asItIs, nodes: [gateway, stranger] }, examine);
    expect(wrong).toEqual(["posts"]);
    expect(of("posts")).toContain("another REDIS_URL or KEY_PREFIX");
  });

  test("POSTs that go elsewhere are found out, and stickiness is noted", async ({ expect }) => {
    const edit = put(
      inLocation,
      "add_header Set-Cookie node=1;",
      "if ($request_method = POST) { return 405; }",
    );
    const { of, wrong, advice } = await standBehind("nginx", { edit }, examine);
    expect(wrong).toEqual(["posts"]);
    expect(of("posts")).toBe("wrong: expected 204 to POST, got 405: it does not go where the stream goes");
    expect(advice("posts", "haproxy").lines).toEqual(["use_backend nodes if { path /api/realtime }"]);
    expect(of("stickiness")).toMatch(/^note: the cookie node is set/);
  });

  test("less is known where only /api/realtime leads to the nodes", async ({ expect }) => {
    const edit = put("location / {", "return 404;");
    const { of, wrong, status } = await standBehind("nginx", { edit }, examine);
    expect(wrong).toEqual([]);
    expect(of("buffering")).toMatch(/^note: .* where \/api\/oauth2-redirect leads to the nodes too$/);
    expect(of("silence")).toMatch(/^good/);
    expect(status).toBe(0);
  });

  test("HTTP/2 is seen, and a certificate that nobody knows", async ({ expect }) => {
    const [good, refused, plain] = await standBehind("nginx", { edit: overTls }, async (url) => {
      const secure = url.replace("http:", "https:");
      return Promise.all([examine(secure, "--insecure"), examine(secure), examine(url)]);
    });
    expect(good.wrong).toEqual([]);
    expect(good.status).toBe(0);
    expect(good.of("http")).toMatch(/^good: HTTP\/2/);
    expect(refused.status).toBe(3);
    expect(refused.of("reach")).toMatch(/^unreachable: the certificate of \S+ is refused: .*SELF_SIGNED/);
    expect(plain.of("route")).toMatch(/^wrong: expected 200 and text\/event-stream, got 400 /);
  });

  test("an HTTP/2 stream that is cut in silence is found out", async ({ expect }) => {
    const { wrong, of } = await standBehind("nginx", { edit: overTlsAndCut }, (url) =>
      examine(url.replace("http:", "https:"), "--insecure", ...longer),
    );
    expect(wrong).toEqual(["silence"]);
    expect(of("silence")).toMatch(/cut after (9|10|11)\.\d s of silence/);
  });

  test("a refusal over HTTP/2 is told at once", async ({ expect }) => {
    const refusing = put(inLocation, "if ($request_method = GET) { return 429; }");
    const edit: Edit = (text) => refusing(overTls(text));
    const { of, elapsedMs } = await standBehind("nginx", { edit }, async (url) => {
      const startMs = performance.now();
      const examination = await examine(url.replace("http:", "https:"), "--insecure");
      return { ...examination, elapsedMs: performance.now() - startMs };
    });
    expect(of("route")).toMatch(/^wrong: 429: too many/);
    // nginx hangs up after 75 s by itself
    expect(elapsedMs).toBeLessThan(60_000);
  });

  test.for([
    ["nginx.conf", "buffering", "nginx"],
    ["nginx.conf", "silence", "nginx"],
    ["haproxy.cfg", "silence", "haproxy"],
    ["Caddyfile", "buffering", "caddy"],
    ["traefik.yml", "age", "traefik"],
    ["traefik-routes.yml", "buffering", "traefik"],
    ["envoy.yaml", "silence", "envoy"],
    ["envoy.yaml", "age", "envoy"],
  ] as const)("docs/balancers/%s has what is advised against %s", ([file, trouble, proxy], { expect }) => {
    const shipped = readFileSync(new URL(`../../docs/balancers/${file}`, import.meta.url), "utf8");
    const advice = remediesOf(trouble).find((candidate) => candidate.proxy === proxy);
    expect(shipped).toContain(advice?.lines[0]);
  });
});

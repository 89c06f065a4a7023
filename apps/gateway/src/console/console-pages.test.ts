import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Hono } from "hono";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { GatewayEnv } from "../gateway-context.ts";
import { ConsolePages } from "./console-pages.ts";

let folder: string;
beforeAll(async () => {
  folder = `${await mkdtemp(join(tmpdir(), "sluice-console-"))}/`;
  await mkdir(join(folder, "assets"));
  await writeFile(join(folder, "index.html"), "<!doctype html>");
  await writeFile(join(folder, "assets/page-1a2b.js"), "run()");
  await writeFile(join(folder, "secret.txt"), "no page");
});
afterAll(() => rm(folder, { recursive: true }));

async function get(name: string, at = folder, headers: Record<string, string> = {}): Promise<Response> {
  const pages = await ConsolePages.read(at);
  const app = new Hono<GatewayEnv>();
  app.get("/", (context) => pages.show(name, context));
  return app.request("/", { headers });
}

test("a page is sent with what guards it, and asked for again each time", async () => {
  const answer = await get("index.html");
  expect(await answer.text()).toBe("<!doctype html>");
  expect(Object.fromEntries(answer.headers)).toEqual({
    "cache-control": "no-cache",
    "content-security-policy":
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "content-type": "text/html; charset=utf-8",
    etag: expect.stringMatching(/^"[\w-]{43}"$/),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  });
});

test("an asset is kept for ever", async () => {
  const { headers } = await get("assets/page-1a2b.js");
  expect(headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  expect(headers.get("content-type")).toBe("text/javascript; charset=utf-8");
});

test("what a browser has is not sent again", async () => {
  const etag = (await get("index.html")).headers.get("etag") ?? "";
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
    const answer = await get("index.html", folder, { "If-None-Match": known });
    expect([answer.status, await answer.text()]).toEqual([304, ""]);
  }
  expect((await get("index.html", folder, { "If-None-Match": '"other"' })).status).toBe(200);
});

test.each(["play.html", "secret.txt", "assets/../../../etc/passwd", "assets/../index.html", "__proto__", ""])(
  "%j is no page",
  async (name) => {
    const answer = await get(name);
    expect([answer.status, await answer.json()]).toEqual([
      404,
      { data: {}, message: "The requested resource wasn't found.", status: 404 },
    ]);
  },
);

test("where nothing is built the answer says how it is", async () => {
  const answer = await get("index.html", join(folder, "nowhere/"));
  expect([answer.status, await answer.json()]).toEqual([
    404,
    { data: {}, message: "The console is not built: npm run build", status: 404 },
  ]);
});

import assert from "node:assert/strict";
import { SseReader } from "../harness/sse-reader.ts";
import { call, type Case } from "./target.ts";

const origin = { Origin: "https://app.example" };

function varyOf(vary: string | undefined): readonly string[] {
  return (vary ?? "").split(",").map((value) => value.trim());
}

/** Cross-origin requests, with every origin allowed. */
export const corsCases: readonly Case[] = [
  {
    name: "a stream for another origin allows every origin, literally",
    run: async ({ streamUrl }) => {
      const stream = await SseReader.open(streamUrl, origin);
      stream.close();
      assert.equal(stream.headers["access-control-allow-origin"], "*");
      assert.equal(stream.headers["access-control-allow-credentials"], undefined);
      assert.equal(stream.headers["access-control-expose-headers"], undefined);
    },
  },
  {
    name: "an error for another origin allows it too",
    run: async ({ postUrl }) => {
      const { status, headers } = await call(postUrl, { method: "POST", headers: origin });
      assert.deepEqual([status, headers["access-control-allow-origin"]], [400, "*"]);
    },
  },
  {
    name: "a preflight is answered 204 with the methods and the very headers it asked for",
    run: async ({ postUrl }) => {
      const { status, headers, text } = await call(postUrl, {
        method: "OPTIONS",
        headers: {
          ...origin,
          "Access-Control-Request-Method": "POST",
          "Access-Control-Request-Headers": "authorization,content-type, X-Any",
        },
      });
      assert.deepEqual([status, text], [204, ""]);
      assert.equal(headers["access-control-allow-origin"], "*");
      assert.equal(headers["access-control-allow-methods"], "GET,HEAD,PUT,PATCH,POST,DELETE");
      assert.equal(headers["access-control-allow-headers"], "authorization,content-type, X-Any");
      assert.equal(headers["access-control-max-age"], undefined);
      assert.deepEqual(varyOf(headers.vary), [
        "Origin",
        "Access-Control-Request-Method",
        "Access-Control-Request-Headers",
      ]);
    },
  },
  {
    name: "a preflight that asks for no headers is allowed none",
    run: async ({ postUrl }) => {
      const { headers } = await call(postUrl, { method: "OPTIONS", headers: origin });
      assert.equal(headers["access-control-allow-headers"], undefined);
    },
  },
  {
    name: "OPTIONS without an origin is answered 204 with nothing but Vary",
    run: async ({ postUrl }) => {
      const { status, headers } = await call(postUrl, { method: "OPTIONS", path: "/api/anything" });
      assert.equal(status, 204);
      assert.deepEqual(varyOf(headers.vary), ["Origin"]);
      assert.equal(headers["access-control-allow-origin"], undefined);
      assert.equal(headers["access-control-allow-methods"], undefined);
    },
  },
];

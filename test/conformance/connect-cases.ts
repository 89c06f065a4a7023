import assert from "node:assert/strict";
import { SseReader } from "../harness/sse-reader.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { call, type Case, subscribe, type Target, withStream } from "./target.ts";

const notFound = `{"data":{},"message":"The requested resource wasn't found.","status":404}\n`;

function noSuchRoute(method: string, path: string): Case {
  return {
    name: `${method} ${path} is answered 404, never 405`,
    run: async ({ postUrl }) => {
      const { status, headers, text } = await call(postUrl, { method, path });
      assert.deepEqual([status, headers["content-type"], text], [404, "application/json", notFound]);
    },
  };
}

/** Opening streams: headers, the first frame, other methods and routes. */
export const connectCases: readonly Case[] = [
  {
    name: "a stream begins with PB_CONNECT, byte for byte, its id a 40-character client id [C1]",
    run: (target) =>
      withStream(target, async ({ raw, clientId }) => {
        assert.match(clientId, /^[A-Za-z0-9]{40}$/);
        assert.equal(raw, `id:${clientId}\nevent:PB_CONNECT\ndata:{"clientId":"${clientId}"}\n\n`);
      }),
  },
  {
    name: "every stream has a client id of its own",
    run: async (target) => {
      const streams = await Promise.all(Array.from({ length: 20 }, () => SseReader.open(target.streamUrl)));
      for (const stream of streams) stream.close();
      assert.equal(new Set(streams.map(({ clientId }) => clientId)).size, 20);
    },
  },
  {
    name: "a stream has PocketBase's headers and no others of its kind",
    run: (target) =>
      withStream(target, async ({ status, headers }) => {
        const { date: _date, ...rest } = headers;
        assert.equal(status, 200);
        assert.deepEqual(rest, {
          "content-type": "text/event-stream",
          "cache-control": "no-store",
          "x-accel-buffering": "no",
          "x-xss-protection": "1; mode=block",
          "x-content-type-options": "nosniff",
          "x-frame-options": "SAMEORIGIN",
          vary: "Origin",
          "transfer-encoding": "chunked",
          // Node's client reports what HTTP/1.1 implies for a request without keep-alive
          ...("connection" in rest ? { connection: rest.connection } : {}),
        });
      }),
  },
  {
    name: "a stream is never compressed",
    run: async (target) => {
      const stream = await SseReader.open(target.streamUrl, { "Accept-Encoding": "gzip, deflate, br" });
      assert.equal(stream.headers["content-encoding"], undefined);
      stream.close();
    },
  },
  {
    name: "a token on the GET binds nobody: the stream is a guest's",
    needs: ["tokens"],
    run: async (target) => {
      const stream = await SseReader.open(target.streamUrl, { Authorization: target.tokens?.userA ?? "" });
      const { status } = await subscribe(target, { clientId: stream.clientId });
      stream.close();
      assert.equal(status, 204);
    },
  },
  {
    name: "Last-Event-ID does no harm",
    run: async (target) => {
      const stream = await SseReader.open(target.streamUrl, { "Last-Event-ID": "nonsense" });
      stream.close();
      assert.equal(stream.frames[0]?.event, "PB_CONNECT");
    },
  },
  {
    name: "a POST sent the instant PB_CONNECT arrives finds its client, 100 times",
    run: async (target) => {
      const statuses = await Promise.all(Array.from({ length: 100 }, () => connectAndSubscribe(target)));
      assert.deepEqual(new Set(statuses), new Set([204]));
    },
  },
  {
    name: "a stream that its client closed is forgotten",
    run: async (target) => {
      const stream = await SseReader.open(target.streamUrl);
      stream.close();
      const isForgotten = async (): Promise<boolean> =>
        (await subscribe(target, { clientId: stream.clientId })).status === 404;
      await waitUntil(isForgotten, "404 for a closed stream");
    },
  },
  noSuchRoute("GET", "/api/realtime/"),
  noSuchRoute("POST", "/api/realtime/"),
  noSuchRoute("DELETE", "/api/realtime"),
  noSuchRoute("PUT", "/api/realtime"),
  noSuchRoute("PATCH", "/api/realtime"),
  noSuchRoute("GET", "/api/nowhere"),
  {
    name: "GET /api/health answers as PocketBase",
    run: async ({ postUrl }) => {
      const { status, headers, text } = await call(postUrl, { method: "GET", path: "/api/health" });
      assert.deepEqual([status, headers["content-type"]], [200, "application/json"]);
      assert.match(text, /^\{"message":"API is healthy\.","code":200,"data":\{.*\}\}\n$/);
    },
  },
];

async function connectAndSubscribe(target: Target): Promise<number> {
  const stream = await SseReader.open(target.streamUrl);
  const { status } = await subscribe(target, { clientId: stream.clientId, subscriptions: ["posts/*"] });
  stream.close();
  return status;
}

/** Cases of the gateway's own behaviour, where PocketBase's is of no use to anybody. */
export const ownConnectCases: readonly Case[] = [
  {
    name: "HEAD gets the headers of a stream and ends",
    needs: ["publish"],
    run: async ({ streamUrl }) => {
      const { status, headers, text } = await call(streamUrl, { method: "HEAD" });
      assert.deepEqual([status, headers["content-type"], text], [200, "text/event-stream", ""]);
      assert.equal(headers["cache-control"], "no-store");
    },
  },
];

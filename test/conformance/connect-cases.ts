import assert from "node:assert/strict";
import { SseReader } from "../harness/sse-reader.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { assertError, bodyText } from "./error-answer.ts";
import { call, type Case, type Need, subscribe, type Target, tokensOf, withStream } from "./target.ts";

const notFound = { status: 404, message: "The requested resource wasn't found." };

function noSuchRoute(method: string, path: string, needs: readonly Need[] = []): Case {
  return {
    name: `${method} ${path} is answered 404, never 405`,
    needs,
    run: async (target) => assertError(target, await call(target.postUrl, { method, path }), notFound),
  };
}

/** What a stream's answer and that to HEAD have in common. */
const streamHeaders = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  "x-accel-buffering": "no",
  "x-xss-protection": "1; mode=block",
  "x-content-type-options": "nosniff",
  "x-frame-options": "SAMEORIGIN",
  vary: "Origin",
};

/** Opening streams: headers, the first frame, other methods and routes. */
export const connectCases: readonly Case[] = [
  {
    name: "a stream begins with PB_CONNECT, byte for byte, its id a 40-character client id [C1]",
    run: (target) =>
      withStream(target, async ({ raw, clientId }) => {
        assert.match(clientId, /^[A-Za-z0-9]{40}$/);
        const cursor = /"cursor":"([^"]+)"/.exec(raw)?.[1];
        const connected = `id:${clientId}\nevent:PB_CONNECT\ndata:`;
        const plain = `{"clientId":"${clientId}"}\n\n`;
        // Sluice tells, beyond PocketBase, where in the log the stream is
        const more = `{"clientId":"${clientId}","cursor":"${cursor}"}\n\nid:${cursor}\nevent:@cursor\ndata:\n\n`;
        assert.equal(raw, connected + (cursor === undefined ? plain : more));
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
    name: "a stream has PocketBase's headers and no others",
    run: (target) =>
      withStream(target, async ({ status, headers }) => {
        // Node's client reports a Connection header for a request without keep-alive
        const { date: _date, connection: _connection, ...rest } = headers;
        // PocketBase has one more from 0.40 on
        if (!target.publishes) delete rest["cross-origin-opener-policy"];
        assert.equal(status, 200);
        assert.deepEqual(rest, { ...streamHeaders, "transfer-encoding": "chunked" });
      }),
  },
  {
    name: "nothing is ever compressed",
    run: async (target) => {
      const headers = { "Accept-Encoding": "gzip, deflate, br" };
      const stream = await SseReader.open(target.streamUrl, headers);
      stream.close();
      const refused = await call(target.postUrl, { method: "POST", headers });
      assert.equal(refused.status, 400);
      for (const answer of [stream, refused]) assert.equal(answer.headers["content-encoding"], undefined);
    },
  },
  {
    name: "a token on the GET binds nobody: the stream is a guest's",
    needs: ["tokens"],
    run: async (target) => {
      const stream = await SseReader.open(target.streamUrl, { Authorization: tokensOf(target).userA });
      const { clientId } = stream;
      assert.equal((await subscribe(target, { clientId })).status, 204);
      const authorization = { Authorization: tokensOf(target).userB };
      assert.equal((await subscribe(target, { clientId }, authorization)).status, 204);
      stream.close();
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
  noSuchRoute("POST", "/api/realtime/"),
  noSuchRoute("DELETE", "/api/realtime"),
  noSuchRoute("PUT", "/api/realtime"),
  noSuchRoute("PATCH", "/api/realtime"),
  {
    name: "GET /api/health answers as PocketBase",
    run: async (target) => {
      const { status, headers, text } = await call(target.postUrl, { method: "GET", path: "/api/health" });
      assert.deepEqual([status, headers["content-type"]], [200, "application/json"]);
      assert.match(bodyText(target, text), /^\{"message":"API is healthy\.","code":200,"data":\{.*\}\}\n$/);
    },
  },
];

async function connectAndSubscribe(target: Target): Promise<number> {
  const stream = await SseReader.open(target.streamUrl);
  const { status } = await subscribe(target, { clientId: stream.clientId, subscriptions: ["posts/*"] });
  stream.close();
  return status;
}

/** Answers that PocketBase gives otherwise, or not alike in each version or setup. */
export const ownConnectCases: readonly Case[] = [
  // PocketBase looks for a file of that name where it has a public folder
  noSuchRoute("GET", "/api/realtime/", ["sluice"]),
  noSuchRoute("GET", "/api/nowhere", ["sluice"]),
  {
    // PocketBase keeps the request open
    name: "HEAD gets the headers of a stream and ends",
    needs: ["sluice"],
    run: async ({ streamUrl }) => {
      const { status, headers, text } = await call(streamUrl, { method: "HEAD" });
      const { date: _date, connection: _connection, ...rest } = headers;
      assert.deepEqual([status, rest, text], [200, streamHeaders, ""]);
    },
  },
];

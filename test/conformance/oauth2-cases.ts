import assert from "node:assert/strict";
import { type ReceivedFrame, SseReader } from "../harness/sse-reader.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { type Answer, call, type Case, publish, subscribe, type Target, withStream } from "./target.ts";

const success = "../_/#/auth/oauth2-redirect-success";
const failure = "../_/#/auth/oauth2-redirect-failure";

function redirect(
  { postUrl }: Target,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const path = `/api/oauth2-redirect?${new URLSearchParams(fields).toString()}`;
  return call(postUrl, { method: "GET", path, headers });
}

function assertRedirect({ status, headers }: Answer, expectedStatus: number, location: string): void {
  assert.deepEqual([status, headers.location], [expectedStatus, location]);
}

/** Opens a stream with some subscriptions and works with it. */
function withSubscribed(
  target: Target,
  subscriptions: readonly string[],
  work: (stream: SseReader) => Promise<void>,
): Promise<void> {
  return withStream(target, async (stream) => {
    await subscribe(target, { clientId: stream.clientId, subscriptions });
    await work(stream);
  });
}

/** What a stream has received, up to a redirect behind it that is sure to succeed. */
async function framesSoFar(
  target: Target,
  stream: SseReader,
  headers: Readonly<Record<string, string>> = {},
): Promise<readonly ReceivedFrame[]> {
  const state = stream.clientId;
  await subscribe(target, { clientId: state, subscriptions: ["@oauth2"] }, headers);
  assertRedirect(await redirect(target, { state, code: "marker" }, headers), 307, success);
  const data = `{"state":"${state}","code":"marker"}`;
  const marker = await stream.waitFor((frame) => frame.data === data, "the marker");
  return stream.events().slice(0, stream.events().indexOf(marker));
}

function dataOf(frames: readonly ReceivedFrame[]): readonly (string | undefined)[] {
  return frames.map(({ data }) => data);
}

/**
 * Redirects from another address than the stream's, which must fail.
 * @param then what is done behind it from the right address; returns the data of the frames that this brings
 */
async function tryFromElsewhere(
  target: Target,
  then: (state: string, own: Readonly<Record<string, string>>) => Promise<readonly string[]>,
): Promise<void> {
  const header = target.addressHeader ?? "";
  const own = { [header]: "127.0.0.2" };
  const stream = await SseReader.open(target.streamUrl, own);
  const state = stream.clientId;
  await subscribe(target, { clientId: state, subscriptions: ["@oauth2"] }, own);
  assertRedirect(await redirect(target, { state, code: "c1" }, { [header]: "127.0.0.1" }), 307, failure);
  const expected = await then(state, own);
  assert.deepEqual(dataOf(await framesSoFar(target, stream, own)), expected);
  stream.close();
}

/** Fields beside the state, the data of the frame, and where the browser ends up. */
const sent: readonly (readonly [
  name: string,
  fields: Readonly<Record<string, string>>,
  data: (state: string) => string,
  location: string,
])[] = [
  ["a code", { code: "c1" }, (state) => `{"state":"${state}","code":"c1"}`, success],
  ["no code", {}, (state) => `{"state":"${state}","code":""}`, failure],
  [
    "a code and an error",
    { code: "c1", error: "example" },
    (state) => `{"state":"${state}","code":"c1","error":"example"}`,
    failure,
  ],
];

/** The redirect of an OAuth2 sign-in, which finds its stream by the client id in `state`. */
export const oauth2Cases: readonly Case[] = [
  ...sent.flatMap(([name, fields, data, location]) =>
    [["@oauth2"], ["test1", "@oauth2"]].map((subscriptions): Case => ({
      name: `${name} for a stream with ${subscriptions.join(", ")}: one frame, a redirect, the subscription gone`,
      run: (target) =>
        withSubscribed(target, subscriptions, async (stream) => {
          const state = stream.clientId;
          assertRedirect(await redirect(target, { state, ...fields }), 307, location);
          const frame = await stream.waitFor(({ event }) => event === "@oauth2", "the @oauth2 frame");
          assert.equal(frame.data, data(state));
          assertRedirect(await redirect(target, { state, code: "c2" }), 307, failure);
          assert.deepEqual(dataOf(await framesSoFar(target, stream)), [frame.data]);
        }),
    })),
  ),
  {
    name: "a POST with code and state as a form: one frame, a redirect with 303",
    run: (target) =>
      withSubscribed(target, ["@oauth2"], async (stream) => {
        const state = stream.clientId;
        const user = JSON.stringify({ name: { firstName: "A", lastName: "B" } });
        const answer = await call(target.postUrl, {
          method: "POST",
          path: "/api/oauth2-redirect",
          headers: { "Content-Type": "application/x-www-form-urlencoded" },
          body: new URLSearchParams({ state, code: "c1", user }).toString(),
        });
        assertRedirect(answer, 303, success);
        const frame = await stream.waitFor(({ event }) => event === "@oauth2", "the @oauth2 frame");
        assert.equal(frame.data, `{"state":"${state}","code":"c1"}`);
      }),
  },
  {
    name: "a POST with code and state in the URL and no form: failure, no frame",
    run: (target) =>
      withSubscribed(target, ["@oauth2"], async (stream) => {
        const path = `/api/oauth2-redirect?state=${stream.clientId}&code=c1`;
        assertRedirect(await call(target.postUrl, { method: "POST", path }), 303, failure);
        assert.deepEqual(await framesSoFar(target, stream), []);
      }),
  },
  {
    name: "no state: failure",
    run: async (target) => assertRedirect(await redirect(target, { code: "c1" }), 307, failure),
  },
  {
    name: "an unknown state: failure",
    run: async (target) =>
      assertRedirect(await redirect(target, { state: "nobody", code: "c1" }), 307, failure),
  },
  {
    name: "the state of a closed stream: failure",
    run: async (target) => {
      let state = "";
      await withSubscribed(target, ["@oauth2"], async ({ clientId }) => void (state = clientId));
      const isClosed = async (): Promise<boolean> =>
        (await subscribe(target, { clientId: state })).status === 404;
      await waitUntil(isClosed, "the stream to be closed");
      assertRedirect(await redirect(target, { state, code: "c1" }), 307, failure);
    },
  },
  ...[[], ["test1", "test2"], ["@oauth2?a=1"], ["@OAuth2"]].map((subscriptions): Case => ({
    name: `a stream with ${JSON.stringify(subscriptions)}: failure, no frame`,
    run: (target) =>
      withSubscribed(target, subscriptions, async (stream) => {
        assertRedirect(await redirect(target, { state: stream.clientId, code: "c1" }), 307, failure);
        assert.deepEqual(await framesSoFar(target, stream), []);
      }),
  })),
  {
    name: "another address than the stream's: failure, no frame",
    needs: ["addresses"],
    run: (target) => tryFromElsewhere(target, async () => []),
  },
  {
    // PocketBase drops it: whoever knows the state could end a sign-in
    name: "another address than the stream's: the subscription stays",
    needs: ["sluice", "addresses"],
    run: (target) =>
      tryFromElsewhere(target, async (state, own) => {
        assertRedirect(await redirect(target, { state, code: "c2" }, own), 307, success);
        return [`{"state":"${state}","code":"c2"}`];
      }),
  },
  {
    name: "the stream's other subscriptions live on behind the redirect",
    needs: ["publish"],
    run: (target) =>
      withSubscribed(target, ["test1", "@oauth2"], async (stream) => {
        assertRedirect(await redirect(target, { state: stream.clientId, code: "c1" }), 307, success);
        await publish(target, [{ topic: "test1" }]);
        await stream.waitFor(({ event }) => event === "test1", "test1");
      }),
  },
  {
    // PocketBase looks and removes in two steps, so that two may succeed
    name: "of many redirects at once exactly one succeeds",
    needs: ["sluice"],
    run: (target) =>
      withSubscribed(target, ["@oauth2"], async (stream) => {
        const state = stream.clientId;
        const answers = await Promise.all(
          Array.from({ length: 10 }, (_, index) => redirect(target, { state, code: `c${index}` })),
        );
        const successes = answers.filter(({ headers }) => headers.location === success);
        assert.equal(successes.length, 1);
        assert.equal((await framesSoFar(target, stream)).length, 1);
      }),
  },
];

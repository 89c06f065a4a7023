import assert from "node:assert/strict";
import type { SseReader } from "../harness/sse-reader.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { assertApplied, assertError } from "./error-answer.ts";
import {
  type Answer,
  type Case,
  liveTopics,
  publish,
  subscribe,
  type Target,
  tokensOf,
  withStream,
} from "./target.ts";

const otherIdentity = {
  status: 403,
  message: "The current and the previous request authorization don't match.",
};

type Who = "guest" | "userA" | "userB" | "superuser";

/** Sets the subscriptions of a stream with a header that says who asks. */
function subscribeWith(
  target: Target,
  { clientId }: SseReader,
  authorization: string | undefined,
): Promise<Answer> {
  const headers = authorization === undefined ? {} : { Authorization: authorization };
  return subscribe(target, { clientId, subscriptions: ["posts/*"] }, headers);
}

function subscribeAs(target: Target, stream: SseReader, who: Who): Promise<Answer> {
  return subscribeWith(target, stream, who === "guest" ? undefined : tokensOf(target)[who]);
}

/** Who sets the subscriptions first, who then, and the answer to the second. */
const bindings: readonly (readonly [first: Who, second: Who, status: 204 | 403, id: string])[] = [
  ["guest", "guest", 204, ""],
  ["guest", "userA", 204, " [S11]"],
  ["guest", "superuser", 204, " [S10]"],
  ["userA", "userA", 204, " [S12]"],
  ["superuser", "superuser", 204, ""],
  ["userB", "userA", 403, " [S13]"],
  ["userB", "guest", 403, " [S14]"],
  ["userA", "superuser", 403, ""],
  ["superuser", "userA", 403, ""],
  ["superuser", "guest", 403, ""],
];

function bindingCase([first, second, status, id]: (typeof bindings)[number]): Case {
  return {
    name: `a stream of ${first} is answered ${status} for ${second}${id}`,
    needs: ["tokens"],
    run: (target) =>
      withStream(target, async (stream) => {
        assertApplied(await subscribeAs(target, stream, first));
        const answer = await subscribeAs(target, stream, second);
        if (status === 204) assertApplied(answer);
        else assertError(target, answer, otherIdentity);
        // refused or not, the stream is bound to whom it was bound first, unless that was a guest
        const bound = first === "guest" ? second : first;
        assertApplied(await subscribeAs(target, stream, bound));
        const other = bound === "userB" ? "userA" : "userB";
        if (bound !== "guest") assertError(target, await subscribeAs(target, stream, other), otherIdentity);
      }),
  };
}

const soonSeconds = (): number => Math.floor(Date.now() / 1000) + 2;
const laterSeconds = (): number => Math.floor(Date.now() / 1000) + 600;

type Claims = Readonly<Record<string, unknown>>;

/** The claims of a token that is not PocketBase's. */
const onlySub: Claims = { sub: "userA", id: undefined, collectionId: undefined, type: undefined };

const badTokens: readonly (readonly [what: string, id: string, claims: () => Claims])[] = [
  ["an expired token", "a", () => ({ exp: 1_000_000_000 })],
  ["a token for later", "a", () => ({ nbf: laterSeconds() })],
  ["a token issued in the future", "a", () => ({ iat: laterSeconds() })],
  ["a token of another type", "a", () => ({ type: "file" })],
  ["a token without a type", "a", () => ({ type: undefined })],
  ["one of another type with its id in sub", "", () => ({ ...onlySub, type: "file" })],
  ["a token without an id", "", () => ({})],
  ["a token of a collection that is no auth collection", "a", () => ({ collectionId: "posts" })],
];

function badTokenCase([what, id, claims]: (typeof badTokens)[number]): Case {
  return {
    name: `${what} is a guest's`,
    needs: ["signing"],
    run: async (target) => assertGuest(target, (await target.sign?.(id, claims())) ?? ""),
  };
}

/** Checks that a header leaves a stream a guest's, and is refused once the stream is somebody's. */
async function assertGuest(target: Target, authorization: string): Promise<void> {
  await withStream(target, async (stream) => {
    assertApplied(await subscribeWith(target, stream, authorization));
    assertApplied(await subscribeAs(target, stream, "userA"));
    assertError(target, await subscribeWith(target, stream, authorization), otherIdentity);
  });
}

/** A token with another first character of its signature. */
function forged(token: string): string {
  const start = token.lastIndexOf(".") + 1;
  return `${token.slice(0, start)}${token[start] === "A" ? "B" : "A"}${token.slice(start + 1)}`;
}

/** Whom a stream belongs to, and what makes a request somebody's. */
export const bindingCases: readonly Case[] = [
  ...bindings.map(bindingCase),
  ...badTokens.map(badTokenCase),
  {
    // PocketBase knows no such claims
    name: "a token whose id is in sub is one of the record in the users collection",
    needs: ["sluice", "signing"],
    run: (target) =>
      withStream(target, async (stream) => {
        assertApplied(await subscribeWith(target, stream, (await target.sign?.("", onlySub)) ?? ""));
        assertError(target, await subscribeAs(target, stream, "userB"), otherIdentity);
        assertApplied(await subscribeAs(target, stream, "userA"));
      }),
  },
  ...["nonsense", "Bearer nonsense", "a.b.c", "Bearer", "Basic dXNlcjpwYXNz"].map((authorization): Case => ({
    name: `Authorization: ${authorization} is a guest's, not an error`,
    needs: ["tokens"],
    run: (target) => assertGuest(target, authorization),
  })),
  {
    name: "a token with a changed signature is a guest's",
    needs: ["tokens"],
    run: (target) => assertGuest(target, forged(tokensOf(target).userA)),
  },
  ...["Bearer ", "bearer ", "BeArEr "].map((scheme): Case => ({
    name: `a token behind "${scheme}" counts`,
    needs: ["tokens"],
    run: (target) =>
      withStream(target, async (stream) => {
        assertApplied(await subscribeWith(target, stream, scheme + tokensOf(target).userA));
        assertError(target, await subscribeAs(target, stream, "userB"), otherIdentity);
        assertApplied(await subscribeAs(target, stream, "userA"));
      }),
  })),
  {
    name: "any good token of the record will do, and none of the same id in another collection",
    needs: ["signing"],
    run: (target) =>
      withStream(target, async (stream) => {
        const sign = async (claims: Claims): Promise<string> => (await target.sign?.("userA", claims)) ?? "";
        assertApplied(await subscribeAs(target, stream, "userA"));
        assertApplied(await subscribeWith(target, stream, await sign({ exp: laterSeconds() })));
        const elsewhere = await sign({ collectionId: "pbc_3142635823" });
        assertError(target, await subscribeWith(target, stream, elsewhere), otherIdentity);
      }),
  },
  {
    name: "several streams may be bound to one record",
    needs: ["tokens"],
    run: (target) =>
      withStream(target, (first) =>
        withStream(target, async (second) => {
          const answers = [first, second].map((stream) => subscribeAs(target, stream, "userA"));
          for (const answer of await Promise.all(answers)) assertApplied(answer);
        }),
      ),
  },
  {
    name: "after a request of somebody else the subscriptions before it stay",
    needs: ["publish"],
    run: (target) =>
      withStream(target, async (stream) => {
        const { clientId } = stream;
        const as = (who: "userA" | "userB"): Record<string, string> => ({
          Authorization: tokensOf(target)[who],
        });
        assertApplied(await subscribe(target, { clientId, subscriptions: ["a", "z"] }, as("userA")));
        const refused = await subscribe(target, { clientId, subscriptions: ["b", "z"] }, as("userB"));
        assertError(target, refused, otherIdentity);
        assert.deepEqual(await liveTopics(target, stream, ["a", "b", "z"]), ["a", "z"]);
      }),
  },
  {
    name: "a token that expires meanwhile is refused in the next request; the stream stays its record's",
    needs: ["publish", "signing"],
    run: (target) =>
      withStream(target, async (stream) => {
        const token = (await target.sign?.("expiring", { exp: soonSeconds() })) ?? "";
        const set = { clientId: stream.clientId, subscriptions: ["users/expiring"] };
        const post = (): Promise<Answer> => subscribe(target, set, { Authorization: token });
        assertApplied(await post());
        await waitUntil(async () => (await post()).status === 403, "the token to expire", 10_000);
        const record = { id: "expiring", email: "e@example.com", emailVisibility: false };
        await publish(target, [{ collection: "users", action: "create", record }]);
        const { data } = await stream.waitFor(({ event }) => event === "users/expiring", "the event");
        assert.equal(JSON.parse(data ?? "").record.email, "e@example.com");
      }),
  },
];

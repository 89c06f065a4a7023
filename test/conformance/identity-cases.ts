import assert from "node:assert/strict";
import { SseReader } from "../harness/sse-reader.ts";
import { waitUntil } from "../harness/wait-until.ts";
import {
  type Case,
  heardBy,
  namesOf,
  publish,
  subscribe,
  type Target,
  tokensOf,
  withStream,
} from "./target.ts";

/** A record of the auth collection `users`, as its writer publishes it. */
function user(id: string, more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    id,
    email: `${id}@example.com`,
    emailVisibility: false,
    tokenKey: "k1",
    password: "hash",
    name: "N",
    ...more,
  };
}

async function bind(target: Target, stream: SseReader, token: string): Promise<number> {
  const set = { clientId: stream.clientId, subscriptions: ["posts/*"] };
  return (await subscribe(target, set, { Authorization: token })).status;
}

/** Whether a stream is a guest's: only then it can be bound to anybody else. Binds it where it is. */
async function becomesGuest(target: Target, stream: SseReader, other: string): Promise<void> {
  await waitUntil(
    async () => (await bind(target, stream, other)) === 204,
    "the stream to be a guest's",
    10_000,
  );
}

async function tokenOf(target: Target, id: string, collection = "users"): Promise<string> {
  return (await target.sign?.(id, { collectionId: collection })) ?? "";
}

/** What happens to streams when the record behind them changes, and who sees an e-mail address. */
export const identityCases: readonly Case[] = [
  {
    name: "streams of a deleted auth record become guests', others stay as they are [A1, A6]",
    needs: ["publish", "signing"],
    run: (target) =>
      withStream(target, (first) =>
        withStream(target, (second) =>
          withStream(target, async (third) => {
            const [gone, stays] = [await tokenOf(target, "gone1"), await tokenOf(target, "stays1")];
            for (const stream of [first, second]) assert.equal(await bind(target, stream, gone), 204);
            assert.equal(await bind(target, third, stays), 204);
            await publish(target, [
              { collection: "users", action: "delete", record: user("gone1") },
              { collection: "posts", action: "create", record: { id: "p1" } },
            ]);
            // none of them ends, and what guests may see still comes
            for (const stream of [first, second, third]) {
              await stream.waitFor(({ event }) => event === "posts/*", "the post");
            }
            await becomesGuest(target, first, stays);
            await becomesGuest(target, second, stays);
            assert.equal(await bind(target, third, gone), 403);
          }),
        ),
      ),
  },
  {
    name: "a deleted auth record still hears of its own deletion, with its e-mail",
    needs: ["publish", "signing"],
    run: (target) =>
      withStream(target, async (stream) => {
        const token = await tokenOf(target, "gone2");
        const events = [{ collection: "users", action: "delete", record: user("gone2") }];
        const frames = await heardBy(target, stream, { subscriptions: ["users/gone2"], events, token });
        assert.equal(JSON.parse(frames[0]?.data ?? "").record.email, "gone2@example.com");
      }),
  },
  {
    name: "streams of an auth record whose token key changes become guests', before they hear of it [A3]",
    needs: ["publish", "signing"],
    run: (target) =>
      withStream(target, async (stream) => {
        const [changed, other] = [await tokenOf(target, "changed"), await tokenOf(target, "other")];
        const record = user("changed", { tokenKey: "k2" });
        const events = [{ collection: "users", action: "update", record, before: user("changed") }];
        const frames = await heardBy(target, stream, { subscriptions: ["users/*"], events, token: changed });
        assert.deepEqual(namesOf(frames), ["users/*"]);
        assert.equal(JSON.parse(frames[0]?.data ?? "").record.email, undefined);
        await becomesGuest(target, stream, other);
      }),
  },
  {
    name: "a changed token key is noticed on every node, in the hub and in the directory",
    needs: ["publish", "signing"],
    run: async (target) => {
      const [changed, other] = [await tokenOf(target, "everywhere"), await tokenOf(target, "elsewhere")];
      const streams = [await SseReader.open(target.streamUrl), await SseReader.open(target.postUrl)];
      for (const stream of streams) assert.equal(await bind(target, stream, changed), 204);
      const [before, record] = [user("everywhere"), user("everywhere", { tokenKey: "k2" })];
      await publish(target, [{ collection: "users", action: "update", record, before }]);
      for (const stream of streams) await becomesGuest(target, stream, other);
      for (const stream of streams) stream.close();
    },
  },
  {
    name: "an update that keeps the token key leaves streams as they are",
    needs: ["publish", "signing"],
    run: (target) =>
      withStream(target, async (stream) => {
        const [same, other] = [await tokenOf(target, "same"), await tokenOf(target, "other")];
        const events = [
          { collection: "users", action: "update", record: user("same"), before: user("same") },
        ];
        await heardBy(target, stream, { subscriptions: [], events, token: same });
        assert.equal(await bind(target, stream, other), 403);
        assert.equal(await bind(target, stream, same), 204);
      }),
  },
  {
    name: "an e-mail address is for its owner, for superusers, and where the record shows it",
    needs: ["publish", "signing"],
    run: async (target) => {
      const owner = await tokenOf(target, "owner");
      const { userA, superuser } = tokensOf(target);
      const emailFor = async (token: string, record: unknown): Promise<unknown> => {
        let email: unknown;
        await withStream(target, async (stream) => {
          const events = [{ collection: "users", action: "update", record }];
          const [frame] = await heardBy(target, stream, { subscriptions: ["users/owner"], events, token });
          email = JSON.parse(frame?.data ?? "").record.email;
        });
        return email;
      };
      assert.equal(await emailFor(owner, user("owner")), "owner@example.com");
      assert.equal(await emailFor(superuser, user("owner")), "owner@example.com");
      assert.equal(await emailFor(userA, user("owner")), undefined);
      assert.equal(await emailFor("", user("owner")), undefined);
      assert.equal(await emailFor("", user("owner", { emailVisibility: true })), "owner@example.com");
    },
  },
  {
    name: "password and token key leave for nobody",
    needs: ["publish"],
    run: (target) =>
      withStream(target, async (stream) => {
        const events = [{ collection: "users", action: "create", record: user("new") }];
        const token = tokensOf(target).superuser;
        const [frame] = await heardBy(target, stream, { subscriptions: ["users/*"], events, token });
        const { record } = JSON.parse(frame?.data ?? "");
        assert.deepEqual(
          ["password", "tokenKey"].filter((key) => key in record),
          [],
        );
      }),
  },
  {
    name: "streams of an auth collection that is gone become guests', those of others stay [A5]",
    needs: ["collections", "signing"],
    run: (target) =>
      withStream(target, (gone) =>
        withStream(target, async (stays) => {
          const client = await tokenOf(target, "c1", "clients");
          const [one, another] = [await tokenOf(target, "one"), await tokenOf(target, "another")];
          assert.equal(await bind(target, gone, client), 204);
          assert.equal(await bind(target, stays, one), 204);
          assert.equal(await bind(target, gone, one), 403);
          target.removeCollection?.("clients");
          await becomesGuest(target, gone, one);
          assert.equal(await bind(target, stays, another), 403);
        }),
      ),
  },
];

import { expect } from "vitest";
import type { SdkEvent } from "../harness/sdk.ts";
import { signSuperuserToken, signToken } from "../harness/tokens.ts";
import { freshId, listener, type Scenario, until, withClient } from "./sdk-stage.ts";

/** What the balancer answers in place of PocketBase's REST API, for both forms in which the SDKs ask. */
export const restAnswers: Readonly<Record<string, unknown>> = {
  "/api/collections/users/auth-methods": {
    oauth2: { providers: [provider()] },
    authProviders: [provider()],
  },
  "/api/collections/users/auth-with-oauth2": { token: "signed-in", record: { id: "u1" } },
};

function provider(): unknown {
  const address = "http://provider.example/authorize?state=made-up&redirect_uri=";
  return { name: "fake", codeVerifier: "v", codeChallenge: "c", authURL: address, authUrl: address };
}

/** Logins, logouts and who may hear what. */
export const identityScenarios: readonly Scenario[] = [
  {
    name: "a superuser hears what a guest does not",
    run: (stage) =>
      withClient(stage, (guest) =>
        withClient(stage, async (client) => {
          client.authStore.save(await signSuperuserToken());
          const [id, marker] = [freshId(), freshId()];
          const [heard, guests] = [listener<SdkEvent>(), listener<unknown>()];
          await client.collection("audits").subscribe(id, heard.hear);
          await guest.collection("audits").subscribe(id, guests.hear);
          await guest.realtime.subscribe(marker, guests.hear);
          await stage.cluster.log({ collection: "audits", action: "create", record: { id } });
          await stage.cluster.log({ topic: marker, data: "marker" });
          await until(() => heard.heard.length === 1 && guests.heard.length > 0, "the superuser's event");
          expect(guests.heard).toEqual(["marker"]);
        }),
      ),
  },
  {
    name: "login keeps the stream, another login or a logout is refused until the stream is new",
    run: (stage) =>
      withClient(stage, async (client) => {
        const [userA, userB] = [await signToken(freshId()), await signToken(freshId())];
        const { heard, hear } = listener<unknown>();
        const topics = [freshId(), freshId(), freshId(), freshId()] as const;
        await client.realtime.subscribe(topics[0], hear);
        const { clientId } = client.realtime;
        client.authStore.save(userA);
        await client.realtime.subscribe(topics[1], hear);
        expect(client.realtime.clientId).toBe(clientId);
        client.authStore.save(userB);
        await expect(client.realtime.subscribe(topics[2], hear)).rejects.toMatchObject({ status: 403 });
        client.authStore.clear();
        await expect(client.realtime.subscribe(topics[3], hear)).rejects.toMatchObject({ status: 403 });
        await stage.cluster.message({ topic: topics[1], data: "still here" });
        await until(() => heard.length === 1, "the topic of the first login");
        await client.realtime.unsubscribe();
        client.authStore.save(userB);
        await client.realtime.subscribe(topics[2], hear);
        expect(client.realtime.clientId).not.toBe(clientId);
        await stage.cluster.message({ topic: topics[2], data: "new stream" });
        await until(() => heard.length === 2, "the topic of the second login");
      }),
  },
  {
    name: "an expired token is a guest's",
    run: (stage) =>
      withClient(stage, async (client) => {
        client.authStore.save(await signToken(freshId(), { exp: 1_000_000_000 }));
        const { heard, hear } = listener<unknown>();
        const topic = freshId();
        await client.realtime.subscribe(topic, hear);
        await stage.cluster.message({ topic, data: 1 });
        await until(() => heard.length === 1, "the message");
      }),
  },
  {
    name: "OAuth2: the redirect reaches the stream from whatever node, and signs in",
    run: async (stage) => {
      const client = stage.sdk.create(stage.proxy.url);
      const signedIn = await client.collection("users").authWithOAuth2({
        provider: "fake",
        urlCallback: async (url) => {
          const state = new URL(url).searchParams.get("state") ?? "";
          const redirect = `${stage.proxy.url}/api/oauth2-redirect?state=${state}&code=c1`;
          const { status, headers } = await fetch(redirect, { redirect: "manual" });
          expect([status, headers.get("location")]).toEqual([307, "../_/#/auth/oauth2-redirect-success"]);
        },
      });
      expect(signedIn.token).toBe("signed-in");
    },
  },
];

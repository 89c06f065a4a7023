import { expect } from "vitest";
import type { SdkEvent } from "../harness/sdk.ts";
import { signSuperuserToken, signToken } from "../harness/tokens.ts";
import {
  entryKey,
  freshId,
  listener,
  type Scenario,
  type Stage,
  until,
  withClient,
  withNetwork,
} from "./sdk-stage.ts";

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
    name: "an expired token is a guest's, even a superuser's",
    run: (stage) =>
      withClient(stage, async (client) => {
        const [id, marker] = [freshId(), freshId()];
        const claims = { collectionId: "pbc_3142635823", exp: 1_000_000_000 };
        client.authStore.save(await signToken("root", claims));
        const { heard, hear } = listener<unknown>();
        await client.collection("audits").subscribe(id, hear);
        await client.realtime.subscribe(marker, hear);
        await stage.cluster.log({ collection: "audits", action: "create", record: { id } });
        await stage.cluster.log({ topic: marker, data: "marker" });
        await until(() => heard.length > 0, "the marker");
        expect(heard).toEqual(["marker"]);
        const { clientId } = client.realtime;
        expect(await stage.cluster.redis.hget(entryKey(stage, clientId), "identity")).toBe("");
      }),
  },
  {
    name: "OAuth2: the redirect reaches the stream from the balancer and from every node, once",
    run: async (stage) => {
      const urls = stage.cluster.nodes.map(({ url }) => url);
      for (const url of [stage.proxy.url, ...urls]) await signIn(stage, url);
    },
  },
];

/** Signs in; the provider sends the browser back to a given address, twice while the stream is still open. */
function signIn(stage: Stage, base: string): Promise<void> {
  return withNetwork(stage, async (network, { sdk, proxy }) => {
    const answers: string[] = [];
    const redirect = async (url: string): Promise<void> => {
      const { status, headers } = await fetch(url, { redirect: "manual" });
      answers.push(`${status} ${headers.get("location")}`);
    };
    const signedIn = sdk
      .create(proxy.url)
      .collection("users")
      .authWithOAuth2({
        provider: "fake",
        urlCallback: async (url) => {
          const state = new URL(url).searchParams.get("state") ?? "";
          // the stream is closed when the token is here
          const letGo = network.holdPosts();
          for (const code of ["c1", "c2"]) {
            await redirect(`${base}/api/oauth2-redirect?state=${state}&code=${code}`);
          }
          letGo();
        },
      });
    expect((await signedIn).token).toBe("signed-in");
    const page = "307 ../_/#/auth/oauth2-redirect";
    expect(answers).toEqual([`${page}-success`, `${page}-failure`]);
  });
}

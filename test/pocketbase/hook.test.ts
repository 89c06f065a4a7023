import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type GatewayProcess, startGateway, testSecret } from "../harness/gateway-process.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { postSubscriptions } from "../harness/realtime-client.ts";
import { freePort } from "../harness/free-port.ts";
import { signSuperuserToken } from "../harness/tokens.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { type PocketBaseProcess, startPocketBase } from "./pocketbase-process.ts";
import { createUser, importCollections, signInSuperuser, signInUser } from "./signed-in.ts";

const hooksDir = fileURLToPath(new URL("../../docs/pocketbase", import.meta.url));

const posts = {
  name: "posts",
  type: "base",
  fields: [
    { name: "title", type: "text" },
    { name: "notes", type: "text", hidden: true },
  ],
};

let gateway: GatewayProcess;
let pocketBase: PocketBaseProcess;
beforeAll(async () => {
  // the demo's collections, without Redis
  gateway = await startGateway();
  const env = { SLUICE_URL: gateway.url, SLUICE_SECRET: testSecret };
  pocketBase = await startPocketBase({ hooksDir, env });
});
afterAll(async () => {
  await gateway.kill();
  await pocketBase.close();
});

test("the hook publishes each change with hidden fields, and a write is done where the gateway is gone", async () => {
  const root = await signInSuperuser(pocketBase.url);
  await importCollections(root, [posts]);
  const stream = await SseReader.open(gateway.url);
  const token = await signSuperuserToken();
  await postSubscriptions(gateway.url, stream.clientId, ["posts/*", "users/*"], token);

  const { id } = await root.collection("posts").create({ title: "a", notes: "n" });
  await root.collection("posts").update(id, { title: "b" });
  await root.collection("posts").delete(id);
  const user = await createUser(root, "ann");
  await stream.waitForCount(4);
  const heard = stream.events().map(({ data }) => JSON.parse(data ?? ""));
  expect(heard).toMatchObject([
    { action: "create", record: { id, title: "a", notes: "n" } },
    { action: "update", record: { id, title: "b", notes: "n" } },
    { action: "delete", record: { id, title: "b", notes: "n" } },
    { action: "create", record: { id: user, email: "ann@example.com" } },
  ]);
  stream.close();

  await gateway.kill();
  await root.collection("posts").create({ title: "c" });
  gateway = await startGateway({ PORT: new URL(gateway.url).port });
});

test("a sign-in's own records are not published, and a port that nobody listens on is logged", async () => {
  const env = { SLUICE_URL: `http://127.0.0.1:${await freePort()}`, SLUICE_SECRET: testSecret };
  const lonely = await startPocketBase({ hooksDir, env });
  try {
    const root = await signInSuperuser(lonely.url);
    await importCollections(root, [posts]);
    await root.collection("posts").create({ title: "a" });
    const lines = async (): Promise<readonly string[]> => {
      const { items } = await root.logs.getList(1, 50, { filter: "message ~ 'Sluice'" });
      return items.map(({ message }) => message);
    };
    await waitUntil(async () => (await lines()).length > 0, "a log line", 15_000);
    expect(await lines()).toEqual(["Sluice could not be reached"]);
  } finally {
    await lonely.close();
  }
});

test("P6: only superusers are told token keys and secrets", async () => {
  const root = await signInSuperuser(pocketBase.url);
  const id = await createUser(root, "bob");
  const keys = { method: "POST", body: { collection: "users", ids: [id] } };
  const known = await root.send("/api/sluice/token-keys", keys);
  expect(known[id]).toMatch(/^\w{30,}$/);
  expect((await root.send("/api/sluice/secrets", { method: "POST" }))["_pb_users_auth_"]).toMatch(
    /^\w{30,}$/,
  );
  const bob = await signInUser(pocketBase.url, "bob");
  const guest = await signInUser(pocketBase.url);
  for (const path of ["/api/sluice/token-keys", "/api/sluice/secrets"]) {
    await expect(bob.send(path, keys)).rejects.toMatchObject({ status: 403 });
    await expect(guest.send(path, keys)).rejects.toMatchObject({ status: 401 });
  }
});

import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type GatewayProcess, startGateway } from "../harness/gateway-process.ts";
import { postSubscriptions, publish } from "../harness/realtime-client.ts";
import { signSuperuserToken } from "../harness/tokens.ts";
import { waitUntil } from "../harness/wait-until.ts";

let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.kill());

test("P2: a balancer that speaks HTTP/1.0, as nginx does by default, gets frames without chunks, and an end", async () => {
  const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
  let text = "";
  socket.setEncoding("utf8").on("data", (data: string) => (text += data));
  socket.write("GET /api/realtime HTTP/1.0\r\nHost: x\r\n\r\n");
  await waitUntil(() => text.includes("event:PB_CONNECT"), "PB_CONNECT");
  const clientId = /^id:(\S+)$/m.exec(text)?.[1] ?? "";
  expect((await postSubscriptions(gateway.url, clientId, ["posts/*"])).status).toBe(204);
  const event = { collection: "posts", action: "create", record: { id: "p1" } };
  expect((await publish(gateway.url, event, await signSuperuserToken())).status).toBe(200);
  await waitUntil(() => text.includes("event:posts/*"), "an event");
  const ended = once(socket, "end");
  expect(await gateway.stop()).toBe(0);
  await ended;
  const [head = "", ...frames] = text.split("\r\n\r\n");
  expect(head).not.toContain("Transfer-Encoding");
  expect(frames).toEqual([
    expect.stringMatching(
      /^id:\S+\nevent:PB_CONNECT\ndata:.*\n\nid:\S+\nevent:@cursor\ndata:\n\nid:\S+\nevent:posts\/\*\ndata:.*\n\n$/,
    ),
  ]);
});

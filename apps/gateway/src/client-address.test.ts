import { once } from "node:events";
import { createServer, request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clientAddress, networkOf } from "./client-address.ts";

const server = createServer((incoming, outgoing) => {
  const trusted = incoming.headers["x-trusted"] === "no" ? undefined : "x-forwarded-for";
  outgoing.end(clientAddress(incoming, trusted));
});
let port = 0;
beforeAll(async () => {
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function addressSeen(headers: Readonly<Record<string, string | string[]>>): Promise<string> {
  const outgoing = request({ port, host: "127.0.0.1", headers });
  outgoing.end();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  outgoing.on("error", reject);
  outgoing.on("response", (response) => {
    let text = "";
    response.on("data", (chunk: Buffer) => (text += chunk.toString()));
    response.on("end", () => resolve(text));
  });
  return promise;
}

test.each([
  ["the rightmost valid address counts", "1.1.1.1, 2.2.2.2", "2.2.2.2"],
  ["what is no address is passed over", "1.1.1.1, unknown,", "1.1.1.1"],
  ["IPv4 inside IPv6 is IPv4", "::ffff:3.3.3.3", "3.3.3.3"],
  ["IPv6 has one spelling", "2001:0DB8:0:0::1", "2001:db8::1"],
  ["without a valid address the peer counts", "nonsense", "127.0.0.1"],
  ["the last line of the header counts", ["4.4.4.4", "5.5.5.5"], "5.5.5.5"],
])("%s", async (_what, forwarded, address) => {
  expect(await addressSeen({ "X-Forwarded-For": forwarded })).toBe(address);
});

test("a header that is not trusted says nothing", async () => {
  expect(await addressSeen({ "X-Forwarded-For": "1.1.1.1", "X-Trusted": "no" })).toBe("127.0.0.1");
});

test.each([
  ["10.0.0.1", "10.0.0.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
  ["2001:db8:1:2::6", "2001:db8:1:2"],
  ["2001:db8::4:5:6", "2001:db8:0:0"],
  ["2001:db8::3:4:5:6:7", "2001:db8:0:3"],
  ["::1", "0:0:0:0"],
  ["2001:db8::", "2001:db8:0:0"],
  ["", ""],
])("%s is counted as %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});

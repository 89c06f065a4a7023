import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { readEvent } from "@sluice/protocol";
import { Validator } from "@seriousme/openapi-schema-validator";
import asyncapiSchema from "@asyncapi/specs/schemas/3.0.0-without-$id.json" with { type: "json" };
import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterEach, expect, test } from "vitest";
import { call } from "../conformance/target.ts";
import { gatewayPorts } from "../harness/gateway-process.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { readDocument } from "./document.ts";
import { takeProblems } from "./watched-answers.ts";

const openapi = readDocument("openapi.yaml");
const asyncapi = readDocument("asyncapi.yaml");

test("openapi.yaml is OpenAPI 3.1", async () => {
  const { valid, errors } = await new Validator().validate({ ...openapi.content });
  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
});

test("asyncapi.yaml is AsyncAPI 3.0", () => {
  const validate = new Ajv({ strict: false, allErrors: true, logger: false }).compile(asyncapiSchema);
  validate(asyncapi.content);
  expect(validate.errors).toBeNull();
});

test.each(["RecordEvent", "Message", "SubscribeRequest"])("%s is the same in both", (name) => {
  const [one, other] = [openapi, asyncapi].map(({ resolve }) =>
    resolve({ $ref: `#/components/schemas/${name}` }),
  );
  expect(one).toEqual(other);
});

const record = { id: "p1" };

test.each([
  [true, { action: "create", collection: "posts", record }],
  [true, { action: "update", collection: "posts", record, before: { id: "p1", n: 1 } }],
  [true, { action: "update", collection: "posts", record, before: null }],
  [true, { action: "delete", record: { id: "p1", collectionName: "posts" } }],
  [true, { action: "delete", record: { id: "p1", collectionId: "pbc_1" }, more: 1 }],
  [true, { action: "create", collection: "posts", record, traceparent: 1 }],
  [false, { action: "create", record }],
  [false, { action: "insert", collection: "posts", record }],
  [false, { collection: "posts", record }],
  [false, { action: "create", collection: "", record }],
  [false, { action: "create", collection: 1, record }],
  [false, { action: "create", collection: "posts", record: [] }],
  [false, { action: "create", collection: "posts", record: { id: "" } }],
  [false, { action: "create", collection: "posts", record: { id: "*" } }],
  [false, { action: "create", collection: "posts", record: { id: 1 } }],
  [false, { action: "create", collection: "posts" }],
  [false, { action: "create", collection: "posts", record, before: [] }],
  [true, { topic: "news" }],
  [true, { topic: "news", data: null, clientId: "c", rule: null }],
  [true, { topic: "news", rule: "@request.auth.id != ''", action: "create", record: {} }],
  [false, { topic: "" }],
  [false, { topic: 1 }],
  [false, { topic: "PB_CONNECT" }],
  [false, { topic: "@cursor" }],
  [false, { topic: "news", clientId: "" }],
  [false, { topic: "news", clientId: null }],
  [false, { topic: "news", rule: 1 }],
  [false, []],
  [false, "news"],
])("whether an event is good (%s) is said alike by the document and the gateway: %j", (isGood, event) => {
  const ajv = new Ajv2020({ strict: false });
  ajv.addSchema(openapi.named, "openapi.yaml");
  const fits = ajv.validate({ $ref: "openapi.yaml#/components/schemas/Event" }, event);
  expect([fits, "event" in readEvent(event)]).toEqual([isGood, isGood]);
});

const servers: { close: () => void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Something that is taken for a gateway. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const port = String(typeof address === "object" && address !== null ? address.port : 0);
  gatewayPorts.add(port);
  servers.push({
    close: () => {
      gatewayPorts.delete(port);
      server.closeAllConnections();
      server.close();
    },
  });
  return `http://127.0.0.1:${port}`;
}

const json = { "Content-Type": "application/json" };
const missing = { data: {}, message: "Missing or invalid client id.", status: 404 };

test.each<[string, number, Record<string, string>, unknown, string]>([
  ["a status", 418, json, missing, "the status 418 is not in openapi.yaml"],
  ["a header", 404, { ...json, "X-New": "1" }, missing, "the header x-new is not in openapi.yaml"],
  ["a field", 404, json, { ...missing, hint: "?" }, '"additionalProperty":"hint"'],
  [
    "a field of a field's error",
    404,
    json,
    { ...missing, data: { clientId: { code: "validation_required", message: "", hint: "" } } },
    "does not fit",
  ],
  ["another status in the body", 404, json, { ...missing, status: 400 }, "must be equal to constant"],
  ["another type", 404, { "Content-Type": "text/html" }, missing, 'a body of type "text/html"'],
  ["no Retry-After", 503, json, { ...missing, status: 503 }, "the header retry-after is missing"],
])("%s that openapi.yaml does not have is seen", async (_what, status, headers, body, problem) => {
  const url = await serve((_incoming, outgoing) =>
    outgoing.writeHead(status, headers).end(JSON.stringify(body)),
  );
  await call(url, { method: "POST" });
  await (await fetch(`${url}/api/realtime`, { method: "POST" })).text();
  const expected = expect.stringContaining(problem);
  expect(takeProblems()).toEqual([expected, expected]);
});

test.each([
  ["a name", "event:@news\ndata:{}"],
  [
    "a field of PB_CONNECT",
    `id:${"a".repeat(40)}\nevent:PB_CONNECT\ndata:{"clientId":"${"a".repeat(40)}","cursor":"1-1","node":"n"}`,
  ],
  ["a field of a record event", 'id:1-1\nevent:posts/*\ndata:{"record":{},"action":"create","seq":1}'],
  ["a record's frame without its action", 'id:1-1\nevent:posts/*\ndata:{"record":{}}'],
  ["an action", 'event:anything\ndata:{"record":{},"action":"enter"}'],
  [
    "more of a record that has left",
    'event:posts/*\ndata:{"record":{"id":"p1","title":"t"},"action":"leave"}',
  ],
  ["an id", "id:abc\nevent:news\ndata:1"],
  ["a line", "retry:1000\nevent:news\ndata:1"],
  ["a second data line", "event:news\ndata:1\ndata:2"],
])("%s in a stream that asyncapi.yaml does not have is seen", async (_what, frame) => {
  const url = await serve((_incoming, outgoing) =>
    outgoing.writeHead(200, { "Content-Type": "text/event-stream" }).end(`:\n${frame}\n\n:\n`),
  );
  const stream = await SseReader.openRaw(url);
  await stream.waitForEnd();
  await (await fetch(`${url}/api/realtime`)).text();
  const expected = expect.stringContaining(frame.split("\n").at(-1) ?? "");
  expect(takeProblems()).toEqual([expected, expected]);
});

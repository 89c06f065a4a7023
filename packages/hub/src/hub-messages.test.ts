import { type CustomMessage, guest } from "@sluice/protocol";
import { expect, test, vi } from "vitest";
import { namesIn, openRecordingHub, superuser, user } from "../../../test/harness/recording-hub.ts";

const message = (values: Partial<CustomMessage> = {}): CustomMessage => ({
  kind: "message",
  topic: "news",
  data: '{"a":1}',
  rule: "",
  ...values,
});

test("a message has the subscription string as its name, its data as it is, and the cursor", () => {
  const { hub, subscribe, flush } = openRecordingHub();
  subscribe("c1", ["news?options=%7B%7D"]);
  hub.dispatchMessage(message(), "17-0");
  hub.dispatchMessage(message({ data: "" }));
  expect(flush()).toEqual({
    c1: 'id:17-0\nevent:news?options=%7B%7D\ndata:{"a":1}\n\nevent:news?options=%7B%7D\ndata:\n\n',
  });
});

test.each<[topic: string, heard: string[], unheard: string[]]>([
  ["news", ["news", "news?", "news?x=1", "news?options={"], ["news2", "new", "News", "news/*", "news/1", ""]],
  ["news?x=1", ["news?x=1", "news?x=1?y"], ["news", "news?x=12", "news?x=1&y=2", "news?y"]],
  ["posts/*", ["posts/*", "posts/*?x"], ["posts/p1", "posts"]],
  ["?x", ["?x", "?x?y"], ["", "?", "x"]],
])("a message to %j is heard under %j, not under %j", (topic, heard, unheard) => {
  const { hub, subscribe, flush } = openRecordingHub();
  subscribe("c1", [...unheard, ...heard]);
  hub.dispatchMessage(message({ topic }));
  expect(namesIn(flush()["c1"])).toEqual(heard);
});

test("a message to one client is for nobody else", () => {
  const { hub, subscribe, flush, denied } = openRecordingHub();
  subscribe("c1", ["news"]);
  subscribe("c2", ["news"]);
  hub.dispatchMessage(message({ clientId: "c2" }));
  hub.dispatchMessage(message({ clientId: "c3" }));
  hub.dispatchMessage(message({ clientId: "c2", rule: null }));
  expect(flush()).toEqual({ c2: 'event:news\ndata:{"a":1}\n\n' });
  expect(denied).toEqual(["rule"]);
});

test("P7: a message to one client looks at none of the others", () => {
  const { hub, subscribe, flush } = openRecordingHub();
  for (let index = 0; index < 100; index++) subscribe(`c${index}`, ["news"]);
  const step = vi.spyOn(Object.getPrototypeOf(new Set().values()), "next");
  hub.dispatchMessage(message({ clientId: "c99" }));
  const steps = step.mock.calls.length;
  step.mockRestore();
  expect(Object.keys(flush())).toEqual(["c99"]);
  expect(steps).toBeLessThan(10);
});

test("a message to one client still asks for its subscription", () => {
  const { hub, subscribe, flush } = openRecordingHub();
  subscribe("c1", ["other"]);
  hub.dispatchMessage(message({ clientId: "c1" }));
  expect(flush()).toEqual({});
});

test.each<[rule: string | null, heardBy: string[], denied: string[]]>([
  ["", ["guest", "user", "superuser"], []],
  [null, ["superuser"], ["rule", "rule"]],
  ["@request.auth.id != ''", ["user", "superuser"], ["rule"]],
  ["id = ''", ["superuser"], ["rule-refused", "rule-refused"]],
])("a message with the rule %j is heard by %j", (rule, heardBy, denials) => {
  const { hub, subscribe, flush, denied } = openRecordingHub();
  for (const [who, identity] of Object.entries({ guest, user: user("u1"), superuser })) {
    subscribe(who, ["news"], identity);
  }
  hub.dispatchMessage(message({ rule }));
  expect(Object.keys(flush())).toEqual(heardBy);
  expect(denied).toEqual(denials);
});

test("a subscription's filter is about records and keeps no message away", () => {
  const { hub, subscribe, flush } = openRecordingHub();
  const subscription = 'news?options={"query":{"filter":"id=1"}}';
  subscribe("c1", [subscription]);
  hub.dispatchMessage(message());
  expect(namesIn(flush()["c1"])).toEqual([subscription]);
});

test("subscribers of one string share the bytes of a message", () => {
  const { hub, subscribe, flush, writes } = openRecordingHub();
  subscribe("c1", ["news"]);
  subscribe("c2", ["news"], superuser);
  hub.dispatchMessage(message());
  flush();
  expect(writes[0]?.bytes).toBeInstanceOf(Uint8Array);
  expect(writes[0]?.bytes).toBe(writes[1]?.bytes);
});

import { expect, test } from "vitest";
import { ProtocolError } from "./protocol-error.ts";
import { breaksFrame, encodeFrame, type Frame, heartbeat } from "./sse-frame.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });

test.each<[what: string, frame: Frame, bytes: string]>([
  [
    "PocketBase's test message",
    { id: "test_id", event: "test_name", data: "test_data" },
    "id:test_id\nevent:test_name\ndata:test_data\n\n",
  ],
  [
    "PB_CONNECT",
    { event: "PB_CONNECT", data: '{"clientId":"c1"}', id: "c1" },
    'id:c1\nevent:PB_CONNECT\ndata:{"clientId":"c1"}\n\n',
  ],
  ["no id", { event: "posts/*", data: "{}" }, "event:posts/*\ndata:{}\n\n"],
  ["an undefined id", { event: "posts/*", data: "{}", id: undefined }, "event:posts/*\ndata:{}\n\n"],
  ["empty fields", { id: "", event: "", data: "" }, "id:\nevent:\ndata:\n\n"],
  [
    "text that needs no escape",
    { event: "a/*?options=%7B+:#é😀\t", data: " \u2028\\n" },
    "event:a/*?options=%7B+:#é😀\t\ndata: \u2028\\n\n\n",
  ],
])("a frame with %s has exactly these bytes", (_, frame, bytes) => {
  expect(decoder.decode(encodeFrame(frame))).toBe(bytes);
});

test.each(["\n", "\r", "\0", "a\r\nb"])("a field with %j is never written", (field) => {
  const frame: Frame = { event: "e", data: "d", id: "i" };
  const message = `expected a field without CR, LF or NUL, got ${JSON.stringify(field)}`;
  for (const broken of [{ event: field }, { data: field }, { id: field }]) {
    expect(() => encodeFrame({ ...frame, ...broken })).toThrow(new ProtocolError(message));
  }
});

test.each([
  ["a\nb", true],
  ["\r", true],
  ["\0", true],
  ["", false],
  ["a\tb\u2028\u0085\v", false],
])("%j breaks a frame: %s", (field, expected) => {
  expect(breaksFrame(field)).toBe(expected);
});

test("a heartbeat is a comment without a blank line", () => {
  expect([...heartbeat]).toEqual([0x3a, 0x0a]);
});

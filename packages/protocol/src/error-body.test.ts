import { expect, test } from "vitest";
import { badRequest, encodeErrorBody, type ErrorAnswer } from "./error-body.ts";

test.each<[what: string, answer: ErrorAnswer, body: string]>([
  [
    "an unreadable request",
    badRequest,
    '{"data":{},"message":"Something went wrong while processing your request.","status":400}\n',
  ],
  [
    "an unknown client",
    { message: "Missing or invalid client id.", status: 404 },
    '{"data":{},"message":"Missing or invalid client id.","status":404}\n',
  ],
  [
    "another identity",
    { status: 403, message: "The current and the previous request authorization don't match." },
    '{"data":{},"message":"The current and the previous request authorization don\'t match.","status":403}\n',
  ],
  [
    "a field error without params",
    { ...badRequest, data: { clientId: { code: "validation_required", message: "Cannot be blank." } } },
    '{"data":{"clientId":{"code":"validation_required","message":"Cannot be blank."}},"message":"Something went wrong while processing your request.","status":400}\n',
  ],
  [
    "a nested field error with params",
    {
      status: 400,
      message: "No.",
      data: { list: { 1: { code: "c", message: "m", params: { max: 2, min: 0 } } } },
    },
    '{"data":{"list":{"1":{"code":"c","message":"m","params":{"max":2,"min":0}}}},"message":"No.","status":400}\n',
  ],
  [
    "characters that Go escapes",
    { status: 400, message: "<a> & \u2028" },
    '{"data":{},"message":"\\u003ca\\u003e \\u0026 \\u2028","status":400}\n',
  ],
])("%s has PocketBase's bytes", (_, answer, body) => {
  expect(encodeErrorBody(answer)).toBe(body);
});

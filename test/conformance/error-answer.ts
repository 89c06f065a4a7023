import assert from "node:assert/strict";
import type { Answer, Target } from "./target.ts";

/** An error as PocketBase words it; `data` is JSON text, an empty object where it is absent. */
export interface ExpectedError {
  readonly status: number;
  readonly message: string;
  readonly data?: string;
}

/** What every request is answered that cannot be read or does not fit. */
export const badRequest = { status: 400, message: "Something went wrong while processing your request." };

export const noClientId: ExpectedError = {
  ...badRequest,
  data: '{"clientId":{"code":"validation_required","message":"Cannot be blank."}}',
};

/** A body to compare: PocketBase ends it in a newline up to 0.39 and leaves that out from 0.40 on. */
export function bodyText({ publishes }: Target, text: string): string {
  return publishes ? text : `${text.trimEnd()}\n`;
}

/** Checks an error: its status, its type, and its body to the byte. */
export function assertError(target: Target, answer: Answer, expected: ExpectedError): void {
  const { status, message, data = "{}" } = expected;
  const body = `{"data":${data},"message":"${message}","status":${status}}\n`;
  const received = [answer.status, answer.headers["content-type"], bodyText(target, answer.text)];
  assert.deepEqual(received, [status, "application/json", body]);
}

/** Checks the answer to a request that was applied: nothing but its status. */
export function assertApplied({ status, headers, text }: Answer): void {
  assert.deepEqual([status, text, headers["content-type"]], [204, "", undefined]);
}

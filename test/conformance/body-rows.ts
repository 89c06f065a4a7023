import { assertApplied, assertError, type ExpectedError } from "./error-answer.ts";
import { call, type Case, type Need, withStream } from "./target.ts";

export const json = "application/json";
export const urlencoded = "application/x-www-form-urlencoded";

const boundary = "------------------------7c2b1a90d4e5f683";

export const multipart = `multipart/form-data; boundary=${boundary}`;

/** A body, as a function of the client id, and the answer to it: 204, or an error to the byte. */
export type BodyRow = readonly [
  name: string,
  type: string | undefined,
  body: (id: string) => string,
  answer: 204 | ExpectedError,
];

/** Makes the case of a row. */
export function bodyCase([what, type, body, expected]: BodyRow, needs: readonly Need[] = []): Case {
  return {
    name: `${what}: ${expected === 204 ? "204" : `${expected.status} to the byte`}`,
    needs,
    run: (target) =>
      withStream(target, async ({ clientId }) => {
        const headers = type === undefined ? {} : { "Content-Type": type };
        const answer = await call(target.postUrl, { method: "POST", headers, body: body(clientId) });
        if (expected === 204) assertApplied(answer);
        else assertError(target, answer, expected);
      }),
  };
}

/** The JSON body of a subscribe request. */
export function bodyOf(clientId: string, subscriptions: readonly string[]): string {
  return JSON.stringify({ clientId, subscriptions });
}

/** Encodes a form that is written with its text plain. */
export function form(text: string): string {
  return text
    .split("&")
    .map((pair) => pair.split("=").map(encodeURIComponent).join("="))
    .join("&");
}

/** Encodes fields as a multipart form of the type `multipart`. */
export function parts(fields: readonly (readonly [name: string, value: string])[]): string {
  const each = fields.map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return `${each.join("")}--${boundary}--\r\n`;
}

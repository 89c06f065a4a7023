import { badRequest, type ErrorAnswer, type FieldError, type FieldErrors } from "./error-body.ts";
import { describeFormFields, type FormFields } from "./form-fields.ts";
import { isJsonObject } from "./json-object.ts";
import { parseJson } from "./json-text.ts";
import { breaksFrame } from "./sse-frame.ts";

/** What a client asks for with a POST: its whole set of subscriptions, which replaces the one before. */
export interface SubscribeRequest {
  readonly clientId: string;
  /** Without empty strings and repetitions, in the order of the request. */
  readonly subscriptions: readonly string[];
}

/** A request read, or the answer that refuses it. */
export type SubscribeParse =
  | { readonly request: SubscribeRequest; readonly refusal?: never }
  | { readonly refusal: ErrorAnswer; readonly request?: never };

/** Most bytes of a client id, most subscriptions of a client, most bytes of one subscription. */
const subscribeLimits = { clientIdBytes: 255, subscriptions: 1000, subscriptionBytes: 2500 };

interface Draft {
  clientId: string;
  subscriptions: string[];
}

/**
 * Reads the JSON body of a subscribe request: the first JSON value counts, what follows is ignored, keys match in
 * any case, null is the empty value.
 * @see PocketBase tools/router/event.go BindBody; Go encoding/json
 */
export function parseSubscribeJson(body: string): SubscribeParse {
  const draft = emptyDraft();
  return assignJson(draft, firstJsonValue(body)) ? validate(draft) : { refusal: badRequest };
}

/**
 * Reads the form body of a subscribe request: `clientId`, one `subscriptions` field per subscription, and
 * `@jsonPayload` fields, each a JSON object that overrides what stands before it.
 * @see PocketBase tools/router/unmarshal_request_data.go
 */
export function parseSubscribeForm(fields: FormFields): SubscribeParse {
  const { values, payloads } = describeFormFields(fields);
  const draft = emptyDraft();
  draft.clientId = values("clientId")[0] ?? "";
  draft.subscriptions = [...values("subscriptions")];
  return payloads.every((payload) => assignJson(draft, payload)) ? validate(draft) : { refusal: badRequest };
}

/** The answer to a request without a body. */
export function parseEmptySubscribe(): SubscribeParse {
  return validate(emptyDraft());
}

function emptyDraft(): Draft {
  return { clientId: "", subscriptions: [] };
}

/** Parses the first JSON value of a text, as Go's stream decoder does, or nothing where there is none. */
function firstJsonValue(text: string): unknown {
  const start = text.search(/[^ \t\r\n]/);
  if (start < 0) return undefined;
  if (text.startsWith("null", start)) return null;
  return text.startsWith("{", start) ? parseJson(text.slice(start, endOfObject(text, start))) : undefined;
}

/** The index behind the object that opens at `start`; braces inside strings do not count. */
function endOfObject(text: string, start: number): number {
  const tokens = /["{}]|\\./gs;
  tokens.lastIndex = start;
  let depth = 0;
  let inString = false;
  for (let token = tokens.exec(text); token !== null; token = tokens.exec(text)) {
    if (token[0] === '"') inString = !inString;
    else if (!inString && token[0] === "{") depth += 1;
    else if (!inString && token[0] === "}" && --depth === 0) return tokens.lastIndex;
  }
  return text.length;
}

/** Sets the draft's fields from a JSON value; false where a type does not fit. */
function assignJson(draft: Draft, value: unknown): boolean {
  if (value === null) return true;
  if (!isJsonObject(value)) return false;
  return Object.entries(value).every(([key, field]) => {
    switch (key.toLowerCase()) {
      case "clientid":
        return assignClientId(draft, field);
      case "subscriptions":
        return assignSubscriptions(draft, field);
      default:
        return true;
    }
  });
}

function assignClientId(draft: Draft, value: unknown): boolean {
  if (value === null) return true;
  if (typeof value !== "string") return false;
  draft.clientId = value.toWellFormed();
  return true;
}

function assignSubscriptions(draft: Draft, value: unknown): boolean {
  if (value === null) {
    draft.subscriptions = [];
    return true;
  }
  if (!Array.isArray(value)) return false;
  const items: readonly unknown[] = value;
  const texts = items.map((item) => item ?? "").filter((item) => typeof item === "string");
  draft.subscriptions = texts.map((text) => text.toWellFormed());
  return texts.length === items.length;
}

function validate({ clientId, subscriptions }: Draft): SubscribeParse {
  const data: Record<string, FieldError | FieldErrors> = {};
  const clientIdError = checkClientId(clientId);
  const subscriptionsError = checkSubscriptions(subscriptions);
  if (clientIdError !== undefined) data["clientId"] = clientIdError;
  if (subscriptionsError !== undefined) data["subscriptions"] = subscriptionsError;
  if (Object.keys(data).length > 0) return { refusal: { ...badRequest, data } };
  const wanted = new Set(subscriptions.filter((subscription) => subscription !== ""));
  return { request: { clientId, subscriptions: [...wanted] } };
}

function checkClientId(clientId: string): FieldError | undefined {
  if (clientId === "") return { code: "validation_required", message: "Cannot be blank." };
  const max = subscribeLimits.clientIdBytes;
  if (byteLength(clientId) <= max) return undefined;
  const message = `The length must be between 1 and ${max}.`;
  return { code: "validation_length_out_of_range", message, params: { max, min: 1 } };
}

function checkSubscriptions(subscriptions: readonly string[]): FieldError | FieldErrors | undefined {
  if (subscriptions.length > subscribeLimits.subscriptions) return tooLong(subscribeLimits.subscriptions);
  const errors: Record<string, FieldError> = {};
  for (const [index, subscription] of subscriptions.entries()) {
    const error = checkSubscription(subscription);
    if (error !== undefined) errors[index] = error;
  }
  return Object.keys(errors).length > 0 ? errors : undefined;
}

function checkSubscription(subscription: string): FieldError | undefined {
  if (byteLength(subscription) > subscribeLimits.subscriptionBytes)
    return tooLong(subscribeLimits.subscriptionBytes);
  // PocketBase writes these into the event name and so breaks the client's stream
  if (breaksFrame(subscription)) {
    return { code: "validation_match_invalid", message: "Must not contain CR, LF or NUL." };
  }
  return undefined;
}

function tooLong(max: number): FieldError {
  const message = `The length must be no more than ${max}.`;
  return { code: "validation_length_too_long", message, params: { max, min: 0 } };
}

const encoder = new TextEncoder();

function byteLength(text: string): number {
  return encoder.encode(text).length;
}

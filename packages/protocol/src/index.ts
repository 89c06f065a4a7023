export { appendArguments, appendScript, appendScriptSha1, type LoggedEvent } from "./append-script.ts";
export { createClientId, isClientId } from "./client-id.ts";
export {
  type Collection,
  type CollectionsParse,
  type Field,
  parseCollections,
  superusers,
} from "./collection.ts";
export { CollectionSet } from "./collection-set.ts";
export type {
  ClientDetails,
  ClientList,
  ClientSummary,
  ComparisonReport,
  ConsoleFacts,
  ConsoleReport,
  DelayQuantiles,
  EventReport,
  EventsReport,
  ExplanationList,
  ExplanationReport,
  NodeReport,
  OperandReport,
  PlayCollection,
  TopicCounts,
  WithheldReport,
} from "./console-report.ts";
export { compareEntries, type Cursor, encodeCursor, entryMs, hasHad, parseCursor } from "./cursor.ts";
export {
  badRequest,
  encodeErrorBody,
  type ErrorAnswer,
  type FieldError,
  type FieldErrors,
} from "./error-body.ts";
export { describeFormFields, type FormFields } from "./form-fields.ts";
export {
  type AuthRecord,
  guest,
  type Identity,
  identityKey,
  identityOf,
  parseIdentity,
  type TokenProof,
} from "./identity.ts";
export { describeJsonType, isJsonObject, type JsonObject } from "./json-object.ts";
export { encodeJson, encodeSortedJson } from "./json-text.ts";
export { keyMark } from "./key-mark.ts";
export { isKeptId, type KeptRow, keptRowOf } from "./kept-row.ts";
export { ProtocolError } from "./protocol-error.ts";
export { type CustomMessage, parseEvent, readEvent, type RecordEvent } from "./record-event.ts";
export { encodeFrame, heartbeat } from "./sse-frame.ts";
export { parseSubscription, type Subscription, topicOf } from "./subscription.ts";
export type { SubscriptionOptions } from "./subscription-options.ts";
export {
  parseEmptySubscribe,
  parseSubscribeForm,
  parseSubscribeJson,
  type SubscribeParse,
  type SubscribeRequest,
} from "./subscribe-request.ts";

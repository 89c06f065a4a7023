export type { DenialReason } from "./access.ts";
export { Batch, type Frame } from "./batch.ts";
export type { Client, ClientSink } from "./client.ts";
export { checkRules, type RuleWarning } from "./collection-access.ts";
export {
  type Denial,
  explainEvent,
  type Explanation,
  type SubscriptionExplanation,
  topicsOf,
} from "./explanation.ts";
export { Hub } from "./hub.ts";
export type { Denied } from "./matcher.ts";
export { type RecordLoad, RecordStore } from "./record-store.ts";
export type { Replay } from "./replay.ts";

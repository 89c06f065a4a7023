export type { DenialReason } from "./access.ts";
export type { ClientSink } from "./client.ts";
export type { RuleWarning } from "./collection-access.ts";
export { Hub } from "./hub.ts";

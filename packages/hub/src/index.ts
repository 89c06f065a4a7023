export { type DenialReason, isDecidable } from "./access.ts";
export type { ClientSink } from "./client.ts";
export { Hub } from "./hub.ts";

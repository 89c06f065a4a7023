import { isJsonObject, type JsonObject, parseIdentity } from "@sluice/protocol";
import type { LastFrame } from "../backplane.ts";
import type { AppliedChange } from "../node-handlers.ts";

/** What one node tells another on its control channel. */
export type NodeMessage =
  | { readonly type: "apply"; readonly reply: ReplyAddress; readonly change: AppliedChange }
  | { readonly type: "send-last"; readonly reply: ReplyAddress; readonly frame: LastFrame }
  | { readonly type: "ask"; readonly reply: ReplyAddress; readonly question: string }
  | { readonly type: "answer"; readonly request: number; readonly outcome: string };

/** Where the answer to a message goes. */
interface ReplyAddress {
  readonly node: string;
  /** Chosen by the asking node, new for each question. */
  readonly request: number;
}

/**
 * Reads a message that `JSON.stringify` wrote on another node.
 * @returns nothing where it is no message that this version knows
 */
export function parseNodeMessage(text: string): NodeMessage | undefined {
  const value: unknown = parseJson(text);
  if (!isJsonObject(value)) return undefined;
  const { type, request, outcome, reply, change, frame, question, adopted } = value;
  if (type === "answer") {
    return typeof request === "number" && typeof outcome === "string"
      ? { type, request, outcome }
      : undefined;
  }
  const replyAddress = isJsonObject(reply) ? parseReplyAddress(reply) : undefined;
  if (replyAddress === undefined) return undefined;
  if (type === "apply" && isJsonObject(change)) return applyMessage(replyAddress, change, adopted);
  if (type === "ask" && typeof question === "string") return { type, reply: replyAddress, question };
  if (type === "send-last" && isJsonObject(frame)) return lastFrameMessage(replyAddress, frame);
  return undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parseReplyAddress({ node, request }: JsonObject): ReplyAddress | undefined {
  return typeof node === "string" && typeof request === "number" ? { node, request } : undefined;
}

/** @param adopted what Redis has put beside the change that the asking node wrote */
function applyMessage(reply: ReplyAddress, change: JsonObject, adopted: unknown): NodeMessage | undefined {
  const { clientId, version, subscriptions } = change;
  if (typeof clientId !== "string" || typeof version !== "number" || !isTexts(subscriptions))
    return undefined;
  const identity = parseIdentity(change["identity"]);
  const from = typeof adopted === "string" ? { adopted } : {};
  return { type: "apply", reply, change: { clientId, version, identity, subscriptions, ...from } };
}

function lastFrameMessage(reply: ReplyAddress, frame: JsonObject): NodeMessage | undefined {
  const { clientId, address, subscription, data } = frame;
  if (typeof clientId !== "string" || typeof address !== "string") return undefined;
  if (typeof subscription !== "string" || typeof data !== "string") return undefined;
  return { type: "send-last", reply, frame: { clientId, address, subscription, data } };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

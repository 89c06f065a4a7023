import type { Client, Hub, SubscriptionExplanation } from "@sluice/hub";
import {
  type ClientDetails,
  type ClientSummary,
  type ExplanationList,
  type ExplanationReport,
  type Identity,
  isJsonObject,
  type JsonObject,
  parseEvent,
} from "@sluice/protocol";
import type { RecentEvents } from "../recent-events.ts";
import type { SettledCursors } from "../settled-cursors.ts";
import type { StreamKeeper } from "../stream-keeper.ts";

/** Most subscriptions of a client that an event is explained for, and most characters of each data line. */
const maxExplained = 50;
const maxDataLength = 10_000;

/** What a node is asked about the clients of all. */
export type ClientQuestion =
  | {
      readonly ask: "list";
      /** The beginning of a client's id, or a part of its identity or of a topic. */
      readonly search: string;
      /** The only node whose clients count; empty for all. */
      readonly node: string;
      readonly limit: number;
    }
  | { readonly ask: "describe" | "end"; readonly clientId: string }
  /** `event` as JSON. */
  | { readonly ask: "explain"; readonly clientId: string; readonly event: string };

/** What questions about clients are answered from. */
export interface ClientAnswersContext {
  readonly nodeId: () => string;
  readonly hub: Hub;
  readonly streams: StreamKeeper;
  readonly settled: SettledCursors;
  readonly recent: RecentEvents;
  readonly maxEventBytes: number;
}

/** Answers what another node, or this one, asks about the clients of this node. */
export class ClientAnswers {
  readonly #context: ClientAnswersContext;

  constructor(context: ClientAnswersContext) {
    this.#context = context;
  }

  /**
   * @returns nothing where the node does not have the client; `ended` or `not-now`; or JSON: a list, the details,
   *   explanations
   */
  answer(question: string): string {
    const value: unknown = JSON.parse(question);
    if (!isJsonObject(value)) return "";
    const { ask, clientId, event } = value;
    if (ask === "list") return JSON.stringify(this.#list(value));
    const client = this.#context.hub.find(String(clientId));
    if (client === undefined) return "";
    if (ask === "end") return this.#context.streams.endOne(client.id) ? "ended" : "not-now";
    if (ask === "explain") return this.#explain(client.id, String(event));
    return JSON.stringify(this.#describe(client));
  }

  #list({ search, node, limit }: JsonObject): { clients: readonly ClientSummary[]; total: number } {
    const { hub, nodeId } = this.#context;
    if (node !== "" && node !== nodeId()) return { clients: [], total: 0 };
    const found = [...hub.clients].filter((client) => isFound(client, String(search)));
    // those that came last first
    const clients = found.slice(-Number(limit)).toReversed();
    return { clients: clients.map((client) => this.#summarize(client)), total: found.length };
  }

  #summarize(client: Client): ClientSummary {
    const { id, identity, address, subscriptions, waitingBytes } = client;
    const stream = this.#context.streams.find(id);
    return {
      id,
      node: this.#context.nodeId(),
      identity: nameOf(identity),
      address,
      openedAt: Math.round(Date.now() - (stream?.openForMs() ?? 0)),
      subscriptions: subscriptions.size,
      outboxBytes: waitingBytes + (stream?.unsentBytes ?? 0),
    };
  }

  #describe(client: Client): ClientDetails {
    const { settled, recent } = this.#context;
    return {
      ...this.#summarize(client),
      subscriptions: [...client.subscriptions.keys()],
      position: settled.of(client.id) ?? recent.position,
      state: client.isHeld ? "resuming" : client.isBlocked ? "blocked" : "live",
    };
  }

  #explain(clientId: string, text: string): string {
    const { hub, maxEventBytes } = this.#context;
    const parsed = parseEvent(text, { maxBytes: maxEventBytes });
    const explained = "event" in parsed ? hub.explain(clientId, parsed.event, maxExplained) : [];
    const list: ExplanationList = { explanations: (explained ?? []).map(cutData) };
    return JSON.stringify(list);
  }
}

function isFound({ id, identity, subscriptions }: Client, search: string): boolean {
  if (search === "" || id.startsWith(search) || nameOf(identity).includes(search)) return true;
  for (const { topic } of subscriptions.values()) if (topic.includes(search)) return true;
  return false;
}

function cutData(explanation: SubscriptionExplanation): ExplanationReport {
  if (explanation.outcome !== "delivered") return explanation;
  return { ...explanation, data: explanation.data.slice(0, maxDataLength) };
}

function nameOf(identity: Identity): string {
  return identity.kind === "record" ? `${identity.collectionName}/${identity.id}` : identity.kind;
}

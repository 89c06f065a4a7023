import type { Client, Hub, SubscriptionExplanation } from "@sluice/hub";
import {
  type ClientDetails,
  type ClientSummary,
  type ExplanationList,
  type ExplanationReport,
  type Identity,
  isJsonObject,
  type JsonObject,
  type OperandReport,
  parseEvent,
} from "@sluice/protocol";
import type { RecentEvents } from "../recent-events.ts";
import type { SettledCursors } from "../settled-cursors.ts";
import type { StreamKeeper } from "../stream-keeper.ts";
import { cut } from "./event-watch.ts";

/** Most subscriptions of a client that an event is explained for, and most characters of each data line. */
const maxExplained = 50;
const maxDataLength = 10_000;

/** Most comparisons of all subscriptions together that are told. */
const maxComparisons = 100;

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
    return JSON.stringify({ explanations: shortened(explained ?? []) } satisfies ExplanationList);
  }
}

function isFound({ id, identity, subscriptions }: Client, search: string): boolean {
  if (search === "" || id.startsWith(search) || nameOf(identity).includes(search)) return true;
  for (const { topic } of subscriptions.values()) if (topic.includes(search)) return true;
  return false;
}

/** What may go through Redis to another node: the values of a record are as long as its writer likes. */
function shortened(explanations: readonly SubscriptionExplanation[]): readonly ExplanationReport[] {
  let most = maxComparisons;
  return explanations.map((one) => {
    if (one.outcome === "delivered") return { ...one, data: one.data.slice(0, maxDataLength) };
    if (one.outcome === "unmatched") return one;
    const told = one.deciding.slice(0, most);
    most -= told.length;
    const deciding = told.map((comparison) => {
      const [left, right] = [cutValue(comparison.left), cutValue(comparison.right)];
      return Object.assign({}, comparison, { left, right });
    });
    return { ...one, deciding };
  });
}

function cutValue({ value, ...side }: OperandReport): OperandReport {
  if (value === undefined) return side;
  return { ...side, value: Array.isArray(value) ? value.map(cutText) : cutText(value) };
}

function cutText(value: unknown): unknown {
  return typeof value === "string" ? cut(value) : value;
}

function nameOf(identity: Identity): string {
  return identity.kind === "record" ? `${identity.collectionName}/${identity.id}` : identity.kind;
}

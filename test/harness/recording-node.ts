import {
  type AppliedChange,
  type Backplane,
  type ClientState,
  type EventSource,
  type LastFrame,
  openBackplane,
  parseRedisUrl,
} from "@sluice/backplane";
import { guest } from "@sluice/protocol";

/** One node without a hub: remembers what its backplane hands it. */
export interface RecordingNode {
  readonly backplane: Backplane;
  readonly events: { readonly text: string; readonly source: EventSource }[];
  readonly applied: AppliedChange[];
  readonly lastFrames: LastFrame[];
  /** The clients that this node holds. */
  readonly clients: Map<string, ClientState>;
  /** Every change of the connection, in order. */
  readonly connections: boolean[];
  readonly faults: string[];
  /** Every place in the log that was told without an event, in order. */
  readonly positions: string[];
  readonly counts: { gaps: number; collectionChanges: number };
  /** The collections whose rows were seeded, in order. */
  readonly seedings: string[];
  /** What was told of nodes, in order. */
  readonly stats: string[];
  /** Takes in a client, as a guest from an address. */
  readonly hold: (clientId: string, address?: string, keepsCursor?: boolean) => Promise<void>;
}

/** How a recording node is opened. */
export interface RecordingNodeOptions {
  /** Nothing for the embedded backplane. */
  readonly redisUrl: string | undefined;
  readonly keyPrefix: string;
  readonly logSeconds?: number;
  readonly logEntries?: number;
  readonly orphanSeconds?: number;
  readonly maxStreamsPerIdentity?: number;
  readonly silenceMs?: number;
}

/** Opens a backplane whose every handler is remembered; the caller closes it. */
export async function openRecordingNode(options: RecordingNodeOptions): Promise<RecordingNode> {
  const { redisUrl, keyPrefix, logSeconds = 900, logEntries = 200_000 } = options;
  const { orphanSeconds = 60, maxStreamsPerIdentity = 0, silenceMs = 5_000 } = options;
  const recorded = {
    events: [] as { text: string; source: EventSource }[],
    applied: [] as AppliedChange[],
    lastFrames: [] as LastFrame[],
    clients: new Map<string, ClientState>(),
    connections: [] as boolean[],
    faults: [] as string[],
    positions: [] as string[],
    seedings: [] as string[],
    stats: [] as string[],
    counts: { gaps: 0, collectionChanges: 0 },
  };
  const { clients, counts } = recorded;
  const backplane = await openBackplane(
    redisUrl === undefined ? undefined : parseRedisUrl(redisUrl),
    { keyPrefix, logSeconds, logEntries, orphanSeconds, maxStreamsPerIdentity, silenceMs },
    {
      position: (cursor) => void recorded.positions.push(cursor),
      event: (text, source) => void recorded.events.push({ text, source }),
      apply: (change) => {
        const client = clients.get(change.clientId);
        if (client === undefined) return "unknown-client";
        if (client.version > change.version) return "applied";
        recorded.applied.push(change);
        const { identity, subscriptions, version } = change;
        clients.set(change.clientId, { ...client, identity, subscriptions, version });
        return "applied";
      },
      sendLast: (frame) => {
        const client = clients.get(frame.clientId);
        if (client === undefined) return "unknown-client";
        recorded.lastFrames.push(frame);
        const subscriptions = client.subscriptions.filter((other) => other !== frame.subscription);
        clients.set(frame.clientId, { ...client, subscriptions });
        return "sent";
      },
      describe: (clientId) => clients.get(clientId),
      collectionsChanged: () => void (counts.collectionChanges += 1),
      recordsSeeded: (collection) => void recorded.seedings.push(collection),
      stats: (text) => void recorded.stats.push(text),
      answer: (question) => `${question} of ${clients.size}`,
      connectionChanged: (connected) => void recorded.connections.push(connected),
      gap: (cursor) => {
        counts.gaps += 1;
        recorded.positions.push(cursor);
      },
      fault: (error, doing) => void recorded.faults.push(`${doing}: ${String(error)}`),
    },
  );
  const hold = async (clientId: string, address = "", keepsCursor = false): Promise<void> => {
    const state = { address, identity: guest, subscriptions: [], version: 0, keepsCursor };
    clients.set(clientId, state);
    await backplane.register(clientId, state);
  };
  return { ...recorded, backplane, hold };
}

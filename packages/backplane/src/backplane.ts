import type { Identity, LoggedEvent } from "@sluice/protocol";

/**
 * What joins the nodes. Every node opens one; it brings the events in, knows which node holds which client, and
 * carries messages between nodes.
 */
export interface Backplane {
  readonly nodeId: string;

  /** Whether the other nodes can be reached now. */
  readonly connected: boolean;

  /**
   * Writes events to the log, in order, and keeps the rows of followed collections as they leave them: all or none.
   * @returns their cursors
   * @throws {BackplaneError} `unavailable`
   */
  append(events: readonly LoggedEvent[]): Promise<readonly string[]>;

  /**
   * Takes the next place in the order of requests, as a number that grows over all nodes. A request takes its ticket
   * when it arrives, so that the order of arrival decides, however long the rest of it takes.
   * @throws {BackplaneError} `unavailable`
   */
  takeTicket(): Promise<number>;

  /**
   * Makes a client of this node findable by every node, until it is unregistered or this node dies.
   * @throws {BackplaneError} `unavailable`
   */
  register(clientId: string, state: ClientState): Promise<void>;

  /**
   * Makes an orphan of a client of this node, whose stream can be ended then: the next client with the same identity and
   * subscriptions begins at the cursor.
   * @throws {BackplaneError} `unavailable`; the client stays
   */
  orphan(clientId: string, cursor: string): Promise<void>;

  /**
   * Forgets a client of this node whose stream is over, unless it is an orphan. Does not throw: what cannot be done now is
   * done later.
   */
  unregister(clientId: string, leaving: Leaving): Promise<void>;

  /**
   * Notes how far the clients of this node are, for those who adopt them if this node dies. Called about once a second;
   * does not throw.
   */
  record(progress: Progress): Promise<void>;

  /**
   * Tells the other nodes how many streams this node has, until it tells them otherwise or dies, and is told the same.
   * @param streams nothing where this node takes no more
   * @returns the streams of each other node that takes more
   * @throws {BackplaneError} `unavailable`
   */
  exchangeLoads(streams: number | undefined): Promise<readonly number[]>;

  /**
   * Finds out whether the log has an entry, and where it begins and ends.
   * @returns nothing where it does not have the entry: it is another log, or trimmed
   * @throws {BackplaneError} `unavailable`
   */
  findEntry(cursor: string): Promise<LogExtent | undefined>;

  /**
   * Reads the log, oldest entry first.
   * @param from the entry to begin at, or the next one where the log does not have it
   * @throws {BackplaneError} `unavailable`
   */
  readLog(from: string, count: number): Promise<readonly LogEntry[]>;

  /**
   * The id of the log's newest entry.
   * @throws {BackplaneError} `unavailable`
   */
  logEnd(): Promise<string>;

  /**
   * Reads the rows of a collection, some at a time; rows that are written meanwhile come as they were or as they are.
   * @param collection its name
   * @param take gets each row as JSON; some twice
   * @returns what names the seeding that the rows go back to; nothing where they were never seeded, or seeded anew
   *   meanwhile: then what was read is of no use
   * @throws {BackplaneError} `unavailable`
   */
  readRecords(collection: string, take: (id: string, json: string) => void): Promise<string | undefined>;

  /**
   * Replaces the kept rows of a collection, and tells every node. What the log says of a row goes over the row that is
   * given here, so these may be as old as the log's oldest entry, and writers go on meanwhile. Where it fails the rows are
   * what they were.
   * @param rows each as JSON; the last of an id counts
   * @returns how many rows there are now
   * @throws {BackplaneError} `unavailable`, also where the log was trimmed past the place where the seeding began
   */
  seedRecords(collection: FollowedCollection, rows: AsyncIterable<SeededRow>): Promise<number>;

  /**
   * Sets a client's identity and subscriptions wherever the client is, and returns when its owner has applied them.
   * @throws {BackplaneError} `unavailable`
   */
  subscribe(change: SubscriptionChange): Promise<SubscribeOutcome>;

  /**
   * Sends a client one frame under a subscription and removes that subscription: at most once, over all nodes.
   * @throws {BackplaneError} `unavailable`
   */
  sendLast(frame: LastFrame): Promise<LastFrameOutcome>;

  /**
   * Makes guests of clients of this node, for the next POST of each too, unless it is bound to another identity by now.
   * @param identity as `<collection id>/<record id>`
   * @throws {BackplaneError} `unavailable`
   */
  release(clientIds: readonly string[], identity: string): Promise<void>;

  /**
   * The stored collections, one JSON text each, by name.
   * @throws {BackplaneError} `unavailable`
   */
  readCollections(): Promise<ReadonlyMap<string, string>>;

  /**
   * Stores a collection and tells every node.
   * @throws {BackplaneError} `unavailable`
   */
  putCollection(name: string, json: string): Promise<void>;

  /**
   * Forgets a stored collection and tells every node.
   * @throws {BackplaneError} `unavailable`
   */
  removeCollection(name: string): Promise<void>;

  /**
   * Adds to counts that all nodes share.
   * @param period names counts that are forgotten two minutes after the last addition
   * @returns the sums of those that were added to
   * @throws {BackplaneError} `unavailable`; they may have been added or not
   */
  addCounts(period: string, counts: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, number>>;

  /**
   * Tells all nodes that listen to statistics.
   * @param text one line; empty to ask whether anybody listens
   * @returns how many nodes listen, this one among them
   * @throws {BackplaneError} `unavailable`
   */
  publishStats(text: string): Promise<number>;

  /**
   * Listens to the statistics of all nodes, its own among them, or no more.
   * @throws {BackplaneError} `unavailable`; once Redis is back it listens or not as it was told last
   */
  listenToStats(isWanted: boolean): Promise<void>;

  /**
   * Asks all nodes, this one among them.
   * @param isEnough whether an answer makes the others unneeded
   * @returns what was answered within a second
   * @throws {BackplaneError} `unavailable`
   */
  ask(question: string, isEnough?: (answer: string) => boolean): Promise<NodeAnswers>;

  /** Leaves: stops reading, forgets this node. Its clients must be unregistered before. */
  close(): Promise<void>;
}

/** What nodes have answered to a question. */
export interface NodeAnswers {
  /** How many were asked. */
  readonly nodes: number;
  readonly answers: readonly string[];
}

/** A collection whose rows are kept. */
export interface FollowedCollection {
  readonly name: string;
  readonly id: string;
}

/** A row as it is given to a seeding. */
export type SeededRow = readonly [id: string, json: string];

/** What every node may know of a client. */
export interface ClientState {
  /** Where the stream came from, or empty where that is not checked. */
  readonly address: string;
  readonly identity: Identity;
  readonly subscriptions: readonly string[];
  /** The ticket of the request that set identity and subscriptions; 0 before the first. */
  readonly version: number;
  /** Whether the client offers its cursor when it comes back: it adopts nobody and nobody adopts it. */
  readonly keepsCursor: boolean;
}

/** How a client leaves its node. */
export interface Leaving {
  /** Where in the log it was, if it is an orphan now. */
  readonly orphanedAt?: string | undefined;
  /** Whether this node has applied a change of it. */
  readonly wasSubscribed: boolean;
}

/** How far the clients of a node are. */
export interface Progress {
  /** What all have had, but for those who lag. */
  readonly position: string;
  /** Those who have had less: how far each of them is. */
  readonly laggards: ReadonlyMap<string, string>;
}

/** The ids of the log's oldest and newest entry. */
export interface LogExtent {
  readonly first: string;
  readonly last: string;
}

export interface LogEntry {
  readonly cursor: string;
  /** An event as it was written; nothing where the entry is only there to be named. */
  readonly text: string | undefined;
}

export interface SubscriptionChange {
  readonly clientId: string;
  readonly ticket: number;
  /** The sender's address where it must equal the stream's, else empty. */
  readonly address: string;
  readonly identity: Identity;
  readonly subscriptions: readonly string[];
}

/**
 * `live`: the owner has applied the change, or a newer one. `no-answer`: the owner may have applied it or not; the
 * same change can be sent again. `too-many-streams`: as many as may be are bound to the identity already.
 */
export type SubscribeOutcome =
  | "live"
  | "unknown-client"
  | "wrong-address"
  | "wrong-identity"
  | "too-many-streams"
  | "no-answer";

export interface LastFrame {
  readonly clientId: string;
  readonly address: string;
  /** The subscription string; also the frame's event name. */
  readonly subscription: string;
  readonly data: string;
}

export type LastFrameOutcome = "sent" | "unknown-client" | "wrong-address" | "not-subscribed" | "no-answer";

/** Limits and names that every node of a deployment shares. */
export interface BackplaneOptions {
  /** What every key and channel begins with; letters, digits and `:_-.{}`. */
  readonly keyPrefix: string;
  /** Log entries older than this are trimmed. */
  readonly logSeconds: number;
  /** Most log entries kept. */
  readonly logEntries: number;
  /** How long a client whose stream was ended by its node can be adopted; 0 is never. */
  readonly orphanSeconds: number;
  /** Most streams of one identity, superusers aside; 0 is no limit. */
  readonly maxStreamsPerIdentity: number;
  /** A Redis that is silent for longer is lost; in milliseconds, 500 or more. */
  readonly silenceMs: number;
}

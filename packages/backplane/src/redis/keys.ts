/** The names of everything that Sluice keeps in Redis. */
export interface Keys {
  /** What all of them begin with. */
  readonly all: string;
  readonly log: string;
  /** The counter behind tickets. */
  readonly ticket: string;
  readonly collections: string;
  readonly messages: string;
  /** Name and id of each collection whose rows are kept, with its name. */
  readonly followed: string;
  /** The kept rows of a collection. */
  readonly rows: (collection: string) => string;
  /** The rows of a seeding that is under way. */
  readonly seeding: (collection: string, token: string) => string;
  /** The channel that tells of seedings that have ended. */
  readonly seeded: string;
  /** What the names of all record channels begin with. */
  readonly records: string;
  readonly client: (clientId: string) => string;
  /** What requests are counted in, by address and identity. */
  readonly counts: (period: string) => string;
  /** Heartbeat key and control channel of a node. */
  readonly node: (nodeId: string) => string;
  /** How long nodes were cut off, shortly after they are back. */
  readonly away: string;
  /** All nodes whose clients somebody may have to adopt; also the channel on which all nodes are asked. */
  readonly nodes: string;
  /** The channel on which nodes tell of themselves while somebody listens. */
  readonly stats: string;
  /** The clients that are adopted if a node dies, and how far they are. */
  readonly holds: (nodeId: string) => string;
  /** How many streams each node has that takes more. */
  readonly loads: string;
  /** Where clients were who had the same identity and subscriptions. */
  readonly orphans: (likeness: string) => string;
}

/** Names the keys and channels of a deployment. */
export function keysUnder(prefix: string): Keys {
  return {
    all: prefix,
    log: `${prefix}log`,
    ticket: `${prefix}ticket`,
    collections: `${prefix}collections`,
    messages: `${prefix}message`,
    followed: `${prefix}followed`,
    rows: (collection) => `${prefix}records:${collection}`,
    seeding: (collection, token) => `${prefix}seeding:${collection}:${token}`,
    seeded: `${prefix}seeded`,
    records: `${prefix}record:`,
    client: (clientId) => `${prefix}client:${clientId}`,
    counts: (period) => `${prefix}counts:${period}`,
    node: (nodeId) => `${prefix}node:${nodeId}`,
    away: `${prefix}away`,
    nodes: `${prefix}nodes`,
    stats: `${prefix}stats`,
    holds: (nodeId) => `${prefix}holds:${nodeId}`,
    loads: `${prefix}loads`,
    orphans: (likeness) => `${prefix}orphans:${likeness}`,
  };
}

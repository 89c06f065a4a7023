/** The names of everything that Sluice keeps in Redis. */
export interface Keys {
  readonly log: string;
  /** The counter behind tickets. */
  readonly ticket: string;
  readonly collections: string;
  readonly messages: string;
  /** What the names of all record channels begin with. */
  readonly records: string;
  readonly client: (clientId: string) => string;
  /** Heartbeat key and control channel of a node. */
  readonly node: (nodeId: string) => string;
}

/** Names the keys and channels of a deployment. */
export function keysUnder(prefix: string): Keys {
  return {
    log: `${prefix}log`,
    ticket: `${prefix}ticket`,
    collections: `${prefix}collections`,
    messages: `${prefix}message`,
    records: `${prefix}record:`,
    client: (clientId) => `${prefix}client:${clientId}`,
    node: (nodeId) => `${prefix}node:${nodeId}`,
  };
}

/** How a gateway is abused. */
export interface AbusePlan {
  readonly host: string;
  readonly port: number;
  /** Connections whose heads never end. */
  readonly slowHeads: number;
  /** POSTs with client ids that nobody has. */
  readonly postsPerSecond: number;
}

/** What an abuser has done, and was answered: how often each status, by kind of abuse. */
export interface AbuseTally {
  readonly posts: number;
  /** Since it began. */
  readonly seconds: number;
  readonly answers: Readonly<Record<"posts" | "slow" | "heads" | "bodies", Readonly<Record<string, number>>>>;
  /** Its open connections. */
  readonly open: number;
}

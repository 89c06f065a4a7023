/** What happened to a client, as it saw it; a list of marks in the order in which they happened is its timeline. */
export type Mark = { readonly atMs: number } & (
  | { readonly type: "stream"; readonly clientId: string }
  /** A POST was answered with 204. */
  | { readonly type: "live" }
  /** All its subscriptions are live for the first time: what is written from now on is for it. */
  | { readonly type: "subscribed" }
  /** A listener was handed an event: the index of the subscription in the client's plan, and the event. */
  | { readonly type: "event"; readonly subscription: number; readonly serial: number }
  | { readonly type: "resume"; readonly resumed: boolean; readonly replayed: number }
  | { readonly type: "conflated"; readonly skipped: number }
  /** The application had to subscribe anew, since the SDK had given up. */
  | { readonly type: "revived" }
  | { readonly type: "end" }
);

/** A mark without its time. */
export type MarkOf<T extends Mark["type"]> = Extract<Mark, { readonly type: T }>;

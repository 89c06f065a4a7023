/** Writes records where there is no publish door: the server tells of them by itself. */
export interface RecordWriter {
  /** Brings about the records that events begin with, before anybody listens. */
  readonly prepare: (events: readonly unknown[]) => Promise<void>;
  /** Does what events say, in order. */
  readonly write: (events: readonly unknown[]) => Promise<void>;
  /** What is subscribed to and written so that everything before it is known to have come. */
  readonly marker: (text: string) => { readonly subscription: string; readonly event: unknown };
  /** Does one thing after the other: records are shared by all cases. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>;
}

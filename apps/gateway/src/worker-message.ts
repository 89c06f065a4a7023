/** What a worker tells the process that started it. */
export type WorkerMessage =
  | { readonly type: "cannot-start"; readonly problems: readonly string[] }
  | { readonly type: "metrics"; readonly request: number };

/** What that process tells a worker: that all are up, or the metrics of all, nothing where they could not be read. */
export type PrimaryMessage =
  | { readonly type: "up" }
  | { readonly type: "metrics"; readonly request: number; readonly text: string | undefined };

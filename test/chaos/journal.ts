/** Entries that Redis lost: those whose places lie between two, both excluded. */
export interface LogLoss {
  readonly kind: "all" | "tail" | "trimmed";
  readonly above: number;
  readonly below: number;
  /** When it began, and when everybody could see that it had happened. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Something that lasted, perhaps for one client only. */
export interface Span {
  readonly client?: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** What was done to the system under test and when: what can excuse it, and what people want to read. */
export class Journal {
  readonly losses: LogLoss[] = [];
  /** When the network did something to a client. */
  readonly networkFaults: Span[] = [];
  /** When Redis answered nobody, or not the nodes, or a node stood still: what it had handed on is not noted down. */
  readonly standstills: Span[] = [];
  readonly lines: { readonly atMs: number; readonly text: string }[] = [];
  readonly #onLine: (text: string) => void;

  /** @param onLine called for every line at once */
  constructor(onLine: (text: string) => void) {
    this.#onLine = onLine;
  }

  note(text: string): void {
    this.lines.push({ atMs: Date.now(), text });
    this.#onLine(text);
  }

  /** Whether something happened to a client, or to all, within a time. */
  touches(spans: readonly Span[], client: number, fromMs: number, toMs: number): boolean {
    return spans.some(
      (span) =>
        (span.client === undefined || span.client === client) && span.fromMs <= toMs && span.toMs >= fromMs,
    );
  }
}

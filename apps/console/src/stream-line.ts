import { type ResumeOutcome, resumingEventSource } from "@sluice/resume";

/** The line of one stream, which can be cut as a network cuts it, and mended. */
export interface StreamLine {
  readonly cut: () => void;
  readonly mend: () => void;
  /** Forgets it. */
  readonly close: () => void;
}

const PlainEventSource = EventSource;
const lines = new Map<string, typeof EventSource>();

// the SDK makes its sources by the global class, whosever they are: they are told apart by their URLs
globalThis.EventSource = new Proxy(PlainEventSource, {
  construct: (_, [url, init]: ConstructorParameters<typeof EventSource>) => {
    const Source = lines.get(new URL(url).searchParams.get("line") ?? "") ?? PlainEventSource;
    return new Source(url, init);
  },
});

/**
 * Gives the stream whose URL has `?line=` with this name a line of its own, and has it resume.
 * @param onResume is told what came of each return
 */
export function openLine(name: string, onResume: (outcome: ResumeOutcome) => void): StreamLine {
  let isCut = false;
  let breakLatest: (() => void) | undefined;

  class CuttableEventSource extends PlainEventSource {
    constructor(url: string | URL, init?: EventSourceInit) {
      super(url, init);
      // an SDK has only one at a time
      breakLatest = () => {
        super.close();
        this.dispatchEvent(new Event("error"));
      };
      // before it connects, but when its maker listens
      queueMicrotask(() => isCut && breakLatest?.());
    }
  }

  lines.set(name, resumingEventSource(CuttableEventSource, { onResume }));
  return {
    cut: () => {
      isCut = true;
      breakLatest?.();
    },
    mend: () => void (isCut = false),
    close: () => void lines.delete(name),
  };
}

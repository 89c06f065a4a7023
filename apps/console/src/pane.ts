import { signal } from "@preact/signals";
import type { ExplanationList, ExplanationReport } from "@sluice/protocol";
import type { ResumeOutcome } from "@sluice/resume";
import PocketBase, { BaseAuthStore } from "pocketbase";
import { formatNumber } from "./format.ts";
import { describeError, gateway } from "./session.ts";
import { openLine, type StreamLine } from "./stream-line.ts";

/** What happened in a pane; `received` has what the SDK handed over, and what let it through where that is known. */
export type PaneNews =
  | { readonly kind: "received"; readonly data: unknown; readonly rule: string | undefined }
  | { readonly kind: "withheld"; readonly why: ExplanationReport }
  | { readonly kind: "note"; readonly words: string };

/** News with their place in the pane, and their time. */
export type PaneEntry = PaneNews & Readonly<Record<"number" | "at", number>>;

/** What a pane listens to, and as whom: `guest`, `superuser` or `users/u1`. */
export type PaneChoice = Readonly<Record<"identity" | "topic" | "filter" | "expand", string>>;

/** How many entries are kept. */
const maxEntries = 50;

let streams = 0;

/** The official SDK; its stream is told from others by its URL. */
class PaneClient extends PocketBase {
  readonly line = `pane${++streams}`;

  override buildURL(path: string): string {
    return `${super.buildURL(path)}?line=${this.line}`;
  }
}

/** One client of the playground, and what it has had. */
export class Pane {
  readonly entries = signal<readonly PaneEntry[]>([]);
  readonly state = signal<"idle" | "connecting" | "live" | "lost" | "cut">("idle");
  #client: PaneClient | undefined;
  #line: StreamLine | undefined;
  #number = 0;
  /** What lets the next frame through. */
  #rule: string | undefined;

  /** Leaves what it has listened to, and listens anew. */
  async listen({ identity, topic, filter, expand }: PaneChoice): Promise<void> {
    await this.leave();
    const client = new PaneClient(location.origin, new BaseAuthStore());
    this.#line = openLine(client.line, (outcome) => this.#tell(outcome));
    this.#client = client;
    client.autoCancellation(false);
    this.state.value = "connecting";
    const query = { ...(filter !== "" && { filter }), ...(expand !== "" && { expand }) };
    try {
      client.authStore.save(await tokenOf(identity));
      const isPlain = Object.keys(query).length === 0;
      await client.realtime.subscribe(topic, (data) => this.#hear(data), isPlain ? undefined : { query });
      await client.realtime.subscribe("PB_CONNECT", () => void (this.state.value = "live"));
      client.realtime.onDisconnect = (topics) => {
        if (topics.length > 0 && this.state.value !== "cut") this.state.value = "lost";
      };
      this.state.value = "live";
      this.#note(`Listens to ${topic} as ${identity}`);
    } catch (error) {
      this.state.value = "idle";
      this.#note(describeError(error));
    }
  }

  async leave(): Promise<void> {
    this.#line?.close();
    await this.#client?.realtime.unsubscribe();
    this.#client = undefined;
    this.state.value = "idle";
  }

  /** Cuts the stream as a network does: its node is not told. */
  cut(): void {
    this.state.value = "cut";
    this.#line?.cut();
    this.#note("Cut. Events that are sent now come when it is back.");
  }

  /** Lets the SDK come back, which it tries every two seconds at most. */
  mend(): void {
    this.state.value = "lost";
    this.#line?.mend();
  }

  /** Asks the gateway what would become of an event here, and shows why it would not come. */
  async explain(event: unknown): Promise<void> {
    if (this.state.value === "cut") return this.#note("Sent while this stream is cut");
    const clientId = this.#client?.realtime.clientId;
    if (clientId === undefined || clientId === "") return;
    const request = { method: "POST", body: { clientId, event } };
    const list = await gateway.send<ExplanationList>("/api/console/explain", request);
    for (const why of list.explanations.filter(({ subscription }) => subscription !== "PB_CONNECT")) {
      if (why.outcome === "delivered") this.#rule = why.rule;
      else if (why.outcome === "denied") this.#add({ kind: "withheld", why });
      else this.#note(`Not subscribed: the event is for ${why.topics?.join(", ") || "nobody"}`);
    }
  }

  #hear(data: unknown): void {
    this.#add({ kind: "received", data, rule: this.#rule });
    this.#rule = undefined;
  }

  #tell({ resumed, replayed = 0 }: ResumeOutcome): void {
    if (resumed) this.#note(`Resumed: ${formatNumber(replayed, "missed event")} replayed`);
    else this.#note("Back, but not resumed: events may be missing");
  }

  #note(words: string): void {
    this.#add({ kind: "note", words });
  }

  #add(news: PaneNews): void {
    const entry = { ...news, number: ++this.#number, at: Date.now() };
    this.entries.value = [entry, ...this.entries.value].slice(0, maxEntries);
  }
}

async function tokenOf(identity: string): Promise<string> {
  if (identity === "guest") return "";
  if (identity === "superuser") return gateway.authStore.token;
  const [collection, id] = identity.split("/");
  const body = { collection, id, claims: {} };
  return (await gateway.send<{ token: string }>("/api/console/play/tokens", { method: "POST", body })).token;
}

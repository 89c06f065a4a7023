import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";
import { SeededChoice } from "../harness/seeded-choice.ts";
import { chooseBulk, chooseContent, type EventContent, textOf, type WrittenEvent } from "./written-event.ts";

/** How much is written. */
export interface WritersPlan {
  readonly url: string;
  readonly seed: number;
  readonly writers: number;
  /** Events per second of all writers together. */
  readonly rate: number;
  readonly bulk: Bulk | undefined;
}

/** Bursts of large events, which make readers slow that stand still: how many events of how many bytes, how often. */
export interface Bulk {
  readonly events: number;
  readonly bytes: number;
  readonly everyMs: number;
}

/** Writers through the log, and their own record of what they wrote. */
export class Writers {
  /** Everything that was sent to Redis, by serial number. */
  readonly events: WrittenEvent[] = [];
  readonly #plan: WritersPlan;
  readonly #connections: readonly Redis[];
  readonly #sequences: number[] = [];
  #running: Promise<unknown> = Promise.resolve();
  #isStopped = false;

  constructor(plan: WritersPlan) {
    this.#plan = plan;
    // the last one writes the bursts
    this.#connections = Array.from({ length: plan.writers + 1 }, () => connect(plan.url));
  }

  /** Writes until {@link stop}. */
  start(): void {
    const lanes = this.#connections.map((_redis, writer) => {
      const choice = new SeededChoice(this.#plan.seed + writer);
      return writer < this.#plan.writers ? this.#write(writer, choice) : this.#writeBulk(writer, choice);
    });
    this.#running = Promise.all(lanes);
  }

  /** @returns when every event that was sent is answered, or never will be */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  /** Writes one event until it is in the log for certain. */
  async writeSurely(content: EventContent): Promise<WrittenEvent> {
    for (;;) {
      const event = await this.#send(0, content);
      if (event?.cursor !== undefined) return event;
      await delay(50);
    }
  }

  close(): void {
    for (const redis of this.#connections) redis.disconnect();
  }

  async #write(writer: number, choice: SeededChoice): Promise<void> {
    const { writers, rate } = this.#plan;
    const meanMs = (1_000 * writers) / rate;
    let dueMs = performance.now();
    while (!this.#isStopped) {
      await this.#send(writer, chooseContent(choice));
      // what Redis and a busy machine take is made up for, but no long outage
      dueMs = Math.max(dueMs + choice.integer(2 * meanMs), performance.now() - 1_000);
      await delay(Math.max(0, dueMs - performance.now()));
    }
  }

  async #writeBulk(writer: number, choice: SeededChoice): Promise<void> {
    if (this.#plan.bulk === undefined) return;
    const { events, bytes, everyMs } = this.#plan.bulk;
    let nextMs = Date.now() + everyMs;
    while (!this.#isStopped) {
      await delay(50);
      if (Date.now() < nextMs) continue;
      for (let index = 0; index < events; index++) await this.#send(writer, chooseBulk(choice, bytes));
      nextMs = Date.now() + everyMs;
    }
  }

  /** @returns nothing where there is no connection */
  async #send(writer: number, content: EventContent): Promise<WrittenEvent | undefined> {
    const redis = this.#connections[writer];
    if (redis?.status !== "ready") {
      await delay(20);
      return undefined;
    }
    const sequence = (this.#sequences[writer] ?? 0) + 1;
    this.#sequences[writer] = sequence;
    const serial = this.events.length;
    const event: WrittenEvent = { serial, writer, sequence, content, begunMs: Date.now(), cursor: undefined };
    this.events.push(event);
    // what was not answered may be in the log or not, and is not written again
    event.cursor = await redis
      .xadd("rt:log", "*", "event", textOf(serial, content))
      .then((cursor) => cursor ?? undefined)
      .catch(() => undefined);
    return event;
  }
}

function connect(url: string): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: () => 50,
  });
  // every failure shows in the command that it fails
  redis.on("error", () => undefined);
  return redis;
}

import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import { createCommand, isGiven, wholeNumber } from "./command.ts";
import { ArgumentError } from "./command-error.ts";
import { type EventStream, openEventStream } from "./event-stream.ts";
import { type Gateway, gatewayOf, type GatewayOptions, publishThrough, withGateway } from "./gateway.ts";
import { describeRows, type OutputOptions, printResult, say } from "./output.ts";
import { type RedisOptions, withDeployment, withRedis } from "./redis-options.ts";

const mostStreams = 5_000;

/** A delay is kept of each delivery, in four bytes. */
const mostDeliveries = 5_000_000;

/** How many streams are opened at a time. */
const openers = 32;

/** How long is waited for a delivery that may be lost. */
const patienceMs = 5_000;

interface BenchOptions extends RedisOptions, GatewayOptions, OutputOptions {
  readonly streams: number;
  readonly events: number;
  readonly rate: number;
  readonly seconds: number;
}

/** Publishes events, each as JSON. */
type Publish = (events: readonly string[]) => Promise<unknown>;

/** `sluice bench`: how fast, and how many, events come through. */
export function benchCommand(): Command {
  const command = createCommand(
    "bench",
    "Measures how events come through a gateway or balancer. It opens streams as guests, publishes messages under a topic of their own, with a superuser's token or through Redis, and prints how long they take and whether any is lost. The status is 1 where one is, or a stream does not stay.",
    {
      "sluice bench --url http://127.0.0.1:8080": "with the superuser of SLUICE_TOKEN",
      "sluice bench --url https://realtime.example.com --redis redis://127.0.0.1 --streams 2000 --events 500 --rate 100":
        "more of all, published through Redis",
    },
  )
    .option("--streams <n>", `clients, at most ${mostStreams}`, wholeNumber("--streams", mostStreams), 200)
    .option("--events <n>", "messages; each stream gets all of them", wholeNumber("--events"), 100)
    .option("--rate <n>", "messages per second", wholeNumber("--rate", 10_000), 50)
    .option("--seconds <n>", "give up after so long", wholeNumber("--seconds", 3_600), 60);
  return withGateway(withRedis(command)).action(bench);
}

async function bench(options: BenchOptions, command: Command): Promise<void> {
  const { streams, events } = options;
  const gateway = gatewayOf(options);
  if (streams * events > mostDeliveries) {
    throw new ArgumentError(
      `expected at most ${mostDeliveries} deliveries, got ${streams} streams × ${events} events`,
    );
  }
  if (gateway.token !== undefined && !isGiven(command, "redis")) {
    return measure(options, gateway, (texts) => publishThrough(gateway, texts));
  }
  if (options.redis === undefined) {
    throw new ArgumentError(
      "expected a superuser's --token (SLUICE_TOKEN), or --redis (REDIS_URL), to publish with, got neither",
    );
  }
  await withDeployment(options, (deployment) =>
    measure(options, gateway, (texts) => deployment.append(texts.map((text) => ({ text })))),
  );
}

async function measure(options: BenchOptions, gateway: Gateway, publish: Publish): Promise<void> {
  const run = new BenchRun(options, { url: gateway.url, token: undefined });
  try {
    await run.open();
    await run.publish(publish);
    await run.waitForLast();
  } finally {
    run.close();
  }
  const figures = run.figures();
  const { lost, failedStreams, published } = figures;
  if (lost > 0 || failedStreams > 0 || published < options.events) process.exitCode = 1;
  await printResult(options, figures, describe(figures));
}

/** One measurement. */
class BenchRun {
  readonly #options: BenchOptions;
  readonly #gateway: Gateway;
  readonly #topic = `sluice-bench-${randomBytes(6).toString("hex")}`;
  readonly #deadlineMs: number;
  readonly #streams: EventStream[] = [];
  readonly #sentMs: number[] = [];
  readonly #delaysMs: Float32Array;
  #deliveries = 0;
  #lastMs = 0;
  #openMs = 0;
  #publishMs = 0;
  #failed = 0;
  #isClosing = false;

  constructor(options: BenchOptions, gateway: Gateway) {
    this.#options = options;
    this.#gateway = gateway;
    this.#deadlineMs = performance.now() + options.seconds * 1_000;
    this.#delaysMs = new Float32Array(options.streams * options.events);
  }

  /**
   * Opens the streams, some at a time.
   * @throws why none could be opened
   */
  async open(): Promise<void> {
    const { streams } = this.#options;
    const startMs = performance.now();
    let [next, failure]: [number, unknown] = [0, undefined];
    const openSome = async (): Promise<void> => {
      while (next < streams && performance.now() < this.#deadlineMs) {
        next += 1;
        // one that cannot be reached is not asked a thousand times at once
        await this.#openOne().catch((error: unknown) => delay(100).then(() => (failure = error)));
      }
    };
    say(`opening ${streams} streams`);
    await Promise.all(Array.from({ length: openers }, openSome));
    if (this.#streams.length === 0) throw failure;
    this.#failed += streams - this.#streams.length;
    this.#openMs = performance.now() - startMs;
  }

  async #openOne(): Promise<void> {
    const stream = await openEventStream(this.#gateway, { subscriptions: [this.#topic] });
    this.#streams.push(stream);
    void this.#follow(stream);
  }

  /** Never fails: a stream that breaks off is over. */
  async #follow({ events }: EventStream): Promise<void> {
    for await (const { event, data } of events) {
      if (event === this.#topic) this.#take(Number(data));
    }
    if (!this.#isClosing) this.#failed += 1;
  }

  #take(index: number): void {
    const sentMs = this.#sentMs[index];
    if (sentMs === undefined || this.#deliveries >= this.#delaysMs.length) return;
    this.#lastMs = performance.now();
    this.#delaysMs[this.#deliveries] = this.#lastMs - sentMs;
    this.#deliveries += 1;
  }

  /** Publishes at the rate, or as fast as it goes where that is less. */
  async publish(publish: Publish): Promise<void> {
    const { events, rate } = this.#options;
    const startMs = performance.now();
    say(`publishing ${events} events`);
    while (this.#sentMs.length < events && performance.now() < this.#deadlineMs) {
      const [now, first] = [performance.now(), this.#sentMs.length];
      const due = Math.min(events, Math.floor(((now - startMs) * rate) / 1_000) + 1) - first;
      const batch = Array.from({ length: Math.min(due, 500) }, (_, index) =>
        JSON.stringify({ topic: this.#topic, data: first + index }),
      );
      this.#sentMs.push(...batch.map(() => now));
      if (batch.length > 0) await publish(batch);
      await delay(Math.min(1_000 / rate, 10));
    }
    this.#lastMs = performance.now();
    this.#publishMs = this.#lastMs - startMs;
  }

  /** Waits until all is there, or nothing more comes. */
  async waitForLast(): Promise<void> {
    const wanted = this.#streams.length * this.#sentMs.length;
    const untilMs = (): number => Math.min(this.#deadlineMs, this.#lastMs + patienceMs);
    while (this.#deliveries < wanted && performance.now() < untilMs()) await delay(10);
  }

  close(): void {
    this.#isClosing = true;
    for (const stream of this.#streams) stream.close();
  }

  figures() {
    const delays = this.#delaysMs.subarray(0, this.#deliveries).toSorted();
    const at = (share: number): number => {
      const index = Math.min(delays.length - 1, Math.floor(delays.length * share));
      return Number((delays[index] ?? 0).toFixed(2));
    };
    return {
      openStreams: this.#streams.length,
      failedStreams: this.#failed,
      openSeconds: inSeconds(this.#openMs),
      publishSeconds: inSeconds(this.#publishMs),
      published: this.#sentMs.length,
      deliveries: this.#deliveries,
      lost: this.#streams.length * this.#sentMs.length - this.#deliveries,
      delayMs: { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) },
    };
  }
}

type Figures = ReturnType<BenchRun["figures"]>;

function inSeconds(ms: number): number {
  return Number((ms / 1_000).toFixed(2));
}

function describe(figures: Figures): string {
  const { openStreams, openSeconds, failedStreams, published, publishSeconds, deliveries, lost } = figures;
  const { p50, p90, p99, max } = figures.delayMs;
  return describeRows([
    ["streams", `${openStreams} opened in ${openSeconds} s, ${failedStreams} failed or ended`],
    ["events", `${published} published in ${publishSeconds} s`],
    ["deliveries", `${deliveries}, ${lost} lost`],
    ["delay", `p50 ${p50} ms, p90 ${p90} ms, p99 ${p99} ms, max ${max} ms`],
  ]);
}

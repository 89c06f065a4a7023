import { describe, expect, test } from "vitest";
import { FairShare } from "./fair-share.ts";

/** Says on which of so many nodes a stream opens that comes from another. */
type Balancer = (from: number, nodes: number) => number;

/** Nodes as they tell each other how many streams they have, tick by tick; ended streams come back three ticks later. */
class Nodes {
  readonly streams: number[];
  readonly told: string[] = [];
  ended = 0;
  readonly #shares: FairShare[];
  readonly #balance: Balancer;
  readonly #away: (readonly number[])[] = [[], [], []];

  constructor(streams: readonly number[], balance: Balancer) {
    this.streams = [...streams];
    this.#balance = balance;
    this.#shares = streams.map(() => this.#createShare());
  }

  /** Starts another node. */
  add(): this {
    this.streams.push(0);
    this.#shares.push(this.#createShare());
    return this;
  }

  run(ticks: number): this {
    for (let tick = 0; tick < ticks; tick++) this.#tick();
    return this;
  }

  /** The fullest node beside the mean. */
  get peak(): number {
    const sum = this.streams.reduce((total, streams) => total + streams, 0);
    return (Math.max(...this.streams) * this.streams.length) / sum;
  }

  #createShare(): FairShare {
    return new FairShare((_fact, message) => this.told.push(message));
  }

  #tick(): void {
    const loads = [...this.streams];
    const leaving = this.#shares.flatMap((share, node) => {
      const count = share.toEnd(loads[node] ?? 0, loads.toSpliced(node, 1));
      this.ended += count;
      this.#move(node, -count);
      return Array<number>(count).fill(node);
    });
    this.#away.push(leaving);
    for (const from of this.#away.shift() ?? []) this.#move(this.#balance(from, this.streams.length), 1);
  }

  #move(node: number, count: number): void {
    this.streams[node] = (this.streams[node] ?? 0) + count;
  }
}

function roundRobin(): Balancer {
  let next = 0;
  return (_from, nodes) => next++ % nodes;
}

const sticky: Balancer = (from) => from;

const inVain = "streams that are ended come back to this node: no more are for a while";

/** What `SHED_SECONDS` is in ticks. */
const evenTicks = 240;

describe("after a scale-out the nodes that were there before end streams", () => {
  test.each([
    ["2 to 4", [1_000, 1_000, 0, 0]],
    ["1 to 2", [1_000, 0]],
    ["3 to 4, of many streams", [40_000, 40_000, 40_000, 0]],
    ["2 to 4, of few streams", [60, 60, 0, 0]],
  ])("until they have about their share: from %s", (_what, streams) => {
    const nodes = new Nodes(streams, roundRobin()).run(evenTicks);
    expect(nodes.peak).toBeLessThan(1.3);
    nodes.run(evenTicks / 4);
    expect(nodes.told.at(-1)).toBe("no longer more streams than on other nodes");
    const { ended } = nodes;
    expect(nodes.run(10 * evenTicks).ended).toBe(ended);
  });

  test("without a pause where they are added one after the other", () => {
    const nodes = new Nodes([1_000, 1_000], roundRobin()).add().run(30).add().run(evenTicks);
    expect(nodes.peak).toBeLessThan(1.3);
    expect(nodes.told).not.toContain(inVain);
  });

  test("so slowly that no more than a hundredth comes back at a time", () => {
    const nodes = new Nodes([1_000, 1_000, 0, 0], roundRobin());
    for (let before = 0; nodes.peak > 1.1; before = nodes.ended) {
      expect(nodes.run(1).ended - before).toBeLessThanOrEqual(20);
    }
  });
});

describe("no stream is ended", () => {
  test.each([
    ["where all have the same", [500, 500, 500, 500]],
    ["for a fifth more than the mean", [590, 500, 500, 410]],
    ["for a few", [20, 0]],
    ["on the only node that takes any", [1_000]],
    ["where there are none", [0, 0]],
  ])("%s", (_what, streams) => {
    expect(new Nodes(streams, roundRobin()).run(1_000).ended).toBe(0);
  });
});

describe("a balancer that sends streams back where they came from", () => {
  test("has ever fewer of them ended", () => {
    const nodes = new Nodes([1_000, 0], sticky);
    expect(nodes.run(20).ended).toBe(100);
    expect(nodes.run(40).ended).toBe(100);
    // an hour at one tick a second: each is ended less often than by its own life
    expect(nodes.run(3_600).ended).toBeLessThan(1_000);
    expect(nodes.told.at(-1)).toBe(inVain);
  });

  test("and spreads them after all is seen", () => {
    let sticks = true;
    const spread = roundRobin();
    const nodes = new Nodes([1_000, 0], (from, count) => (sticks ? from : spread(from, count))).run(300);
    sticks = false;
    expect(nodes.run(1_500).peak).toBeLessThan(1.2);
  });
});

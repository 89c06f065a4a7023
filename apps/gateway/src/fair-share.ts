/** What a node may have more than the mean: a share of it, or so many streams where that is more. */
const toleratedShare = 0.1;
const toleratedStreams = 5;

/** A round ends streams at its first ticks, and then waits until they are back, somewhere. */
const ticksPerRound = 20;
const endingTicks = 10;

/** What is ended in a round, as a share of what the node has. */
const roundShare = 0.1;

/**
 * Fewer are not ended at once: one at a time would come back as GET, POST, GET, POST, and a balancer that takes every
 * request for a turn would send all GETs to every second node.
 */
const leastAtOnce = 8;

/** How much of what was ended must have gone elsewhere; of a balancer that spreads evenly it is a sixth or more. */
const goneShare = 0.1;

/** Where it has not, the next try comes after two rounds, then after twice as long each time. */
const firstPauseTicks = 2 * ticksPerRound;
const maxPauseTicks = 64 * ticksPerRound;

/** Called for what an operator should know. */
type Tell = (fact: Readonly<Record<string, number>>, message: string) => void;

/**
 * Decides how many streams a node with more than its share ends, so that they come back on others: those that were added,
 * mostly. Slowly, not for every small difference, and less and less often where they only come back here.
 */
export class FairShare {
  readonly #tell: Tell;
  /** What was over the mean of how many nodes when it began, and what was ended since; nothing where the node has its share. */
  #shedding: { readonly nodes: number; readonly excess: number; ended: number } | undefined;
  #roundTick = 0;
  /** What is still to be ended in this round. */
  #left = 0;
  #pauseTicks = 0;
  #nextPauseTicks = firstPauseTicks;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  /**
   * Called at every tick.
   * @param own the streams of this node
   * @param others those of each other node that takes more
   * @returns how many to end now
   */
  toEnd(own: number, others: readonly number[]): number {
    if (this.#pauseTicks > 0) {
      this.#pauseTicks -= 1;
      return 0;
    }
    const nodes = others.length + 1;
    const mean = others.reduce((sum, streams) => sum + streams, own) / nodes;
    const roundMost = Math.ceil(own * roundShare);
    if (this.#roundTick === 0) {
      if (!this.#beginsRound(own, { nodes, mean })) return 0;
      this.#left = roundMost;
    }
    const excess = Math.max(0, Math.floor(own - mean));
    this.#roundTick = (this.#roundTick + 1) % ticksPerRound;
    const count = Math.min(excess, this.#left, Math.max(leastAtOnce, Math.ceil(roundMost / endingTicks)));
    this.#left -= count;
    if (this.#shedding !== undefined) this.#shedding.ended += count;
    return count;
  }

  #beginsRound(own: number, { nodes, mean }: { nodes: number; mean: number }): boolean {
    const excess = own - mean;
    const tolerated = Math.max(toleratedStreams, mean * toleratedShare);
    const fact = { streams: own, mean: Math.round(mean) };
    if (this.#shedding === undefined) {
      // begun only where it is worth while, so that it does not begin and end all the time
      if (excess <= 2 * tolerated) return false;
      this.#tell(fact, "more streams than on other nodes: some are ended, slowly, to come back there");
    } else if (excess <= tolerated) {
      this.#tell(fact, "no longer more streams than on other nodes");
      this.#shedding = undefined;
      this.#nextPauseTicks = firstPauseTicks;
      return false;
    } else if (this.#shedding.nodes === nodes) {
      if (this.#shedding.excess - excess >= this.#shedding.ended * goneShare) return true;
      this.#tell(fact, "streams that are ended come back to this node: no more are for a while");
      this.#shedding = undefined;
      this.#pauseTicks = this.#nextPauseTicks;
      this.#nextPauseTicks = Math.min(maxPauseTicks, 2 * this.#nextPauseTicks);
      return false;
    }
    // another node has come or gone: the mean is another one
    this.#shedding = { nodes, excess, ended: 0 };
    return true;
  }
}

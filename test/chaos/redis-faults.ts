import type { Fault, FaultChoice, PlannedFault } from "./fault.ts";
import type { RedisStage } from "./redis-stage.ts";

/** A fault with one number, drawn from a range. */
function timed(
  least: number,
  most: number,
  text: (ms: number) => string,
  run: (redis: RedisStage, ms: number) => Promise<void>,
): (choice: FaultChoice) => PlannedFault {
  return ({ between }) => {
    const ms = between(least, most);
    return { text: text(ms), run: ({ redis }) => run(redis, ms) };
  };
}

/** What happens to Redis, and on the way to it. Nodes notice a silence of 5 s. */
export const redisFaults: readonly Fault[] = [
  {
    name: "freeze-redis",
    weight: 3,
    plan: timed(
      300,
      3_500,
      (ms) => `SIGSTOP of Redis for ${ms} ms`,
      (redis, ms) => redis.freeze(ms),
    ),
  },
  {
    name: "freeze-redis-long",
    weight: 1,
    plan: timed(
      5_500,
      8_000,
      (ms) => `SIGSTOP of Redis for ${ms} ms`,
      (redis, ms) => redis.freeze(ms),
    ),
  },
  {
    name: "restart-redis",
    weight: 3,
    plan: timed(
      0,
      3_000,
      (ms) => `Redis killed, back after ${ms} ms`,
      (redis, ms) => redis.restart(ms),
    ),
  },
  {
    name: "kill-connections",
    weight: 3,
    plan: ({ of }) => {
      const type = of(["normal", "pubsub"] as const);
      return { text: `CLIENT KILL TYPE ${type}`, run: ({ redis }) => redis.killConnections(type) };
    },
  },
  {
    name: "cut-redis",
    weight: 2,
    plan: timed(
      0,
      3_000,
      (ms) => `nodes without Redis for ${ms} ms`,
      (redis, ms) => redis.breakLink("isolate", ms),
    ),
  },
  {
    name: "hold-redis",
    weight: 2,
    plan: timed(
      500,
      7_000,
      (ms) => `nothing passes between nodes and Redis for ${ms} ms`,
      (redis, ms) => redis.breakLink("hold", ms),
    ),
  },
  {
    name: "empty-redis",
    weight: 1,
    plan: timed(
      0,
      1_500,
      (ms) => `Redis killed, back without its data after ${ms} ms`,
      (redis, ms) => redis.restartEmpty(ms),
    ),
  },
  {
    name: "flush-redis",
    weight: 1,
    plan: () => ({ text: "FLUSHALL", run: ({ redis }) => redis.flush() }),
  },
  {
    name: "lose-tail",
    weight: 2,
    plan: timed(
      100,
      1_500,
      (ms) => `a replica promoted that lacks the last ${ms} ms`,
      (redis, ms) => redis.loseTail(ms),
    ),
  },
];

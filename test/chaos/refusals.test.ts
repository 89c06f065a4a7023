import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { waitUntil } from "../harness/wait-until.ts";
import { ChaosStage } from "./chaos-stage.ts";
import type { ClientPlan } from "./client-plan.ts";
import type { Mark, MarkOf } from "./mark.ts";
import { settle } from "./settle.ts";

/** One round of resumes has one of each client. */
const clients: readonly ClientPlan[] = Array.from({ length: 200 }, (_, number) => ({
  number,
  kind: "native",
  viewer: "guest",
  token: undefined,
  subscriptions: ["posts/*", "news"],
  lateMs: 0,
}));

let stage: ChaosStage;
async function openStage(): Promise<void> {
  stage = await ChaosStage.open({ clients, seed: 1, rate: 30, env: { STREAM_SECONDS: "0" } });
  await waitUntil(() => stage.crowds.absent().length === 0, "all clients to be connected", 20_000);
  stage.writers.start();
}

/** Has something happen to all clients, and waits until each has offered its cursor. */
async function resumesBehind(happen: () => Promise<void>): Promise<readonly boolean[]> {
  const starts = stage.crowds.timelines.map(({ length }) => length);
  const resumes = (): readonly (MarkOf<"resume"> | undefined)[] =>
    stage.crowds.timelines.map((timeline, client) => timeline.slice(starts[client]).find(isResume));
  await happen();
  await waitUntil(() => resumes().every((mark) => mark !== undefined), "all clients to resume", 40_000);
  return resumes().map((mark) => mark?.resumed ?? false);
}

function isResume(mark: Mark): mark is MarkOf<"resume"> & { atMs: number } {
  return mark.type === "resume";
}

function cutAll(): void {
  for (const link of stage.balancer.links.values()) link.cut("reset", 0);
}

/** Waits until every client has been handed something that was written from now on: its place is behind it. */
async function allToHear(): Promise<void> {
  const { serial } = await stage.writers.writeSurely({ kind: "message", topic: "news" });
  const hears = (timeline: readonly Mark[]): boolean =>
    timeline.some((mark) => mark.type === "event" && mark.serial >= serial);
  await waitUntil(() => stage.crowds.timelines.every(hears), "all clients to hear", 10_000);
}

describe("a fault that keeps the log makes no resume fail", () => {
  beforeAll(openStage);
  afterAll(() => stage.close());

  const faults: Readonly<Record<string, () => Promise<void>>> = {
    "their connections are cut": async () => undefined,
    "CLIENT KILL": async () => {
      await stage.redis.killConnections("normal");
      await stage.redis.killConnections("pubsub");
    },
    "a node is killed": async () => {
      await stage.nodes.kill(0);
      await stage.nodes.launch(0);
    },
    "a node is terminated": async () => {
      await stage.nodes.terminate(1);
      await stage.nodes.launch(1);
    },
    "Redis is frozen for a second": () => stage.redis.freeze(1_000),
    "Redis is frozen for 7 s": () => stage.redis.freeze(7_000),
    "Redis is killed, and back with its data": () => stage.redis.restart(500),
  };

  test.each(Object.entries(faults))("%s", async (_name, fault) => {
    const resumes = await resumesBehind(async () => {
      await fault();
      cutAll();
    });
    expect(resumes).toEqual(clients.map(() => true));
  });

  test("and nothing is lost, repeated or out of order", async () => {
    const verdicts = await settle(stage);
    expect(verdicts.flatMap(({ offences }) => offences)).toEqual([]);
    const received = verdicts.map(({ tally }) => tally.received);
    expect(Math.min(...received)).toBeGreaterThan(100);
  });
});

describe("a fault that loses the log is told to everybody", () => {
  beforeAll(openStage);
  afterAll(() => stage.close());

  const faults: Readonly<Record<string, () => Promise<void>>> = {
    // a stream that was live all along has missed nothing, and stays: who comes back offers a place that is gone
    FLUSHALL: async () => {
      cutAll();
      await stage.redis.flush();
    },
    "Redis is killed, and back without its data": () => stage.redis.restartEmpty(300),
    "a replica is promoted that lacks the tail": () => stage.redis.loseTail(1_500),
    "the log is trimmed past their cursors while all nodes are down": async () => {
      await Promise.all(stage.nodes.urls.map((_url, node) => stage.nodes.kill(node)));
      await stage.writers.writeSurely({ kind: "message", topic: "news" });
      await stage.redis.trim(1);
      await Promise.all(stage.nodes.urls.map((_url, node) => stage.nodes.launch(node)));
    },
  };

  test.each(Object.entries(faults))("%s", async (_name, fault) => {
    await waitUntil(() => stage.crowds.absent().length === 0, "all clients to be connected", 40_000);
    await allToHear();
    expect(await resumesBehind(fault)).toEqual(clients.map(() => false));
  });

  test("and what comes behind is not lost, repeated or out of order", async () => {
    const verdicts = await settle(stage);
    expect(verdicts.flatMap(({ offences }) => offences)).toEqual([]);
  });
});

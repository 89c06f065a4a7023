import { setTimeout as delay } from "node:timers/promises";
import type { ChaosStage } from "./chaos-stage.ts";
import type { Fault } from "./fault.ts";

/** How long the network needs to see that a stopped node does not answer. */
const noticeMs = 1_000;

/** What happens to nodes. */
export const nodeFaults: readonly Fault[] = [
  {
    name: "kill-node",
    weight: 4,
    plan: ({ nodes, between }) => {
      const [node, awayMs] = [between(0, nodes - 1), between(0, 2_000)];
      return {
        text: `kill -9 of node ${node}, back after ${awayMs} ms`,
        run: async (stage) => {
          await stage.nodes.kill(node);
          await delay(awayMs);
          await stage.nodes.launch(node);
        },
      };
    },
  },
  {
    name: "kill-nodes",
    weight: 1,
    plan: ({ nodes, between }) => {
      const first = between(0, nodes - 1);
      const killed = [first, (first + 1) % nodes];
      return {
        text: `kill -9 of nodes ${killed.join(" and ")}`,
        run: async (stage) => {
          await Promise.all(killed.map((node) => stage.nodes.kill(node)));
          await Promise.all(killed.map((node) => stage.nodes.launch(node)));
        },
      };
    },
  },
  {
    name: "terminate-node",
    weight: 4,
    plan: ({ nodes, between }) => {
      const node = between(0, nodes - 1);
      return {
        text: `SIGTERM to node ${node}`,
        run: async (stage) => {
          await stage.nodes.terminate(node);
          await stage.nodes.launch(node);
        },
      };
    },
  },
  {
    name: "stop-node",
    weight: 2,
    plan: ({ nodes, between }) => {
      const [node, forMs] = [between(0, nodes - 1), between(500, 5_000)];
      return {
        text: `SIGSTOP of node ${node} for ${forMs} ms`,
        run: (stage) => standStill(stage, node, () => delay(forMs)),
      };
    },
  },
  {
    name: "abandon-node",
    weight: 1,
    plan: ({ nodes, between }) => {
      const [node, forMs] = [between(0, nodes - 1), between(1_500, 8_000)];
      return {
        text: `SIGSTOP of node ${node} for ${forMs} ms, its streams cut by the balancer`,
        run: (stage) =>
          standStill(stage, node, async () => {
            await delay(noticeMs);
            stage.balancer.cutNode(node);
            await delay(forMs - noticeMs);
          }),
      };
    },
  },
  {
    name: "trim-log",
    weight: 1,
    plan: ({ nodes, between }) => {
      const [node, forMs, entries] = [between(0, nodes - 1), between(1_000, 3_000), between(1, 10)];
      return {
        text: `SIGSTOP of node ${node} for ${forMs} ms, and the log trimmed to ${entries} entries`,
        run: (stage) =>
          standStill(stage, node, async () => {
            await delay(forMs);
            await stage.redis.trim(entries);
          }),
      };
    },
  },
];

async function standStill(
  { nodes, journal }: ChaosStage,
  node: number,
  meanwhile: () => Promise<unknown>,
): Promise<void> {
  const fromMs = Date.now();
  nodes.signal(node, "SIGSTOP");
  await meanwhile();
  nodes.signal(node, "SIGCONT");
  journal.standstills.push({ fromMs, toMs: Date.now() });
}

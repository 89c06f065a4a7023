import { setTimeout as delay } from "node:timers/promises";
import type { ChaosStage } from "./chaos-stage.ts";
import type { Fault, FaultChoice } from "./fault.ts";
import { cutWays } from "./stream-link.ts";

/** How long a network needs at most to do what it was told to. */
const cutMs = 1_000;

/** What happens between clients and the balancer. */
export const networkFaults: readonly Fault[] = [
  {
    name: "cut-clients",
    weight: 5,
    plan: (choice) => {
      const { between, of } = choice;
      const chosen = someOf(choice, choice.between(1, 20));
      const [way, afterBytes] = [of(cutWays), of([0, between(1, 300), between(1, 5_000)])];
      return {
        text: `${chosen.length} streams cut (${way}) after ${afterBytes} bytes`,
        run: async (stage) => {
          noteFault(stage, chosen, cutMs);
          for (const client of chosen) stage.balancer.links.get(client)?.cut(way, afterBytes);
        },
      };
    },
  },
  {
    name: "cut-everybody",
    weight: 1,
    plan: ({ clients, of }) => {
      const way = of(cutWays);
      return {
        text: `all streams cut (${way})`,
        run: async (stage) => {
          noteFault(
            stage,
            clients.map(({ number }) => number),
            cutMs,
          );
          for (const link of stage.balancer.links.values()) link.cut(way, 0);
        },
      };
    },
  },
  {
    name: "hold-clients",
    weight: 2,
    plan: (choice) => {
      const chosen = choice.of([slowOnes(choice), someOf(choice, choice.between(1, 10))]);
      const [forMs, goesOn] = [choice.between(500, 6_000), choice.of([true, false])];
      return {
        text: `${chosen.length} streams half open for ${forMs} ms, then ${goesOn ? "going on" : "reset"}`,
        run: async (stage) => {
          noteFault(stage, chosen, forMs + cutMs);
          for (const client of chosen) stage.balancer.links.get(client)?.hold(forMs, goesOn);
          await delay(forMs);
        },
      };
    },
  },
  {
    name: "stall-clients",
    weight: 3,
    plan: (choice) => {
      const chosen = slowOnes(choice);
      const forMs = choice.between(1_000, 9_000);
      return {
        text: `${chosen.length} readers stand still for ${forMs} ms`,
        run: async ({ crowds }) => {
          for (const client of chosen) crowds.stall(client, forMs);
        },
      };
    },
  },
  {
    name: "lose-answers",
    weight: 2,
    plan: ({ clients, between }) => {
      const forMs = between(300, 1_500);
      return {
        text: `every second answer to a POST lost for ${forMs} ms`,
        run: async (stage) => {
          let posts = 0;
          noteFault(
            stage,
            clients.map(({ number }) => number),
            forMs,
          );
          stage.balancer.losesAnswer = () => posts++ % 2 === 0;
          await delay(forMs);
          stage.balancer.losesAnswer = () => false;
        },
      };
    },
  },
];

function someOf({ clients, of }: FaultChoice, count: number): readonly number[] {
  return [...new Set(Array.from({ length: count }, () => of(clients).number))];
}

/** Large events go to few clients: among others a reader that stands still is none that is slow. */
function slowOnes(choice: FaultChoice): readonly number[] {
  const bulk = choice.clients.filter(({ subscriptions }) => subscriptions.includes("bulk/*"));
  const chosen = bulk.map(({ number }) => number).filter(() => choice.between(0, 2) > 0);
  return [...new Set([...chosen, ...someOf(choice, 3)])];
}

function noteFault({ journal }: ChaosStage, clients: readonly number[], forMs: number): void {
  const fromMs = Date.now();
  for (const client of clients) journal.networkFaults.push({ client, fromMs, toMs: fromMs + forMs });
}

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ChaosOutcome } from "./chaos-run.ts";
import { timeText } from "./handing.ts";
import { describe } from "./judge.ts";
import type { Mark } from "./mark.ts";

const mostClients = 10;

/** Writes what the nodes have logged, and for some clients with offences everything that happened, in one order. */
export function writeLogs(folder: string, outcome: ChaosOutcome): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "nodes.log"), outcome.nodeOutput);
  const wronged = outcome.clients.filter(
    ({ number }) => (outcome.verdicts[number]?.offences.length ?? 0) > 0,
  );
  for (const { number } of wronged.slice(0, mostClients)) {
    writeFileSync(join(folder, `client-${number}.txt`), historyOf(number, outcome));
  }
}

function historyOf(client: number, outcome: ChaosOutcome): string {
  const { clients, journal, streams, timelines, verdicts } = outcome;
  const own = streams.filter((stream) => stream.client === client);
  const lines = [
    ...journal.lines.map(({ atMs, text }) => ({ atMs, text: `          ${text}` })),
    ...(timelines[client] ?? []).map((mark) => ({ atMs: mark.atMs, text: markText(mark, outcome) })),
    ...own.map(({ openedMs, offered, node, status }) => ({
      atMs: openedMs,
      text: `     GET offering ${offered}: node ${node} answers ${status}`,
    })),
    ...own.flatMap(({ endedMs, endedBy, node }) =>
      endedBy === undefined
        ? []
        : [{ atMs: endedMs, text: `     stream of node ${node} ended by ${endedBy}` }],
    ),
    ...(verdicts[client]?.offences ?? []).map(({ atMs, what, text }) => ({
      atMs,
      text: `!!!! ${what}: ${text}`,
    })),
  ];
  const sorted = lines.toSorted((one, other) => one.atMs - other.atMs);
  const texts = sorted.map(({ atMs, text }) => `${timeText(atMs)} ${text}`);
  return [JSON.stringify({ ...clients[client], token: undefined }), ...texts, ""].join("\n");
}

function markText(mark: Mark, { events }: ChaosOutcome): string {
  switch (mark.type) {
    case "event":
      return `${mark.subscription}: ${describe(events[mark.serial])}`;
    case "resume":
      return mark.resumed ? `resumed with ${mark.replayed} events` : "refused";
    case "conflated":
      return `conflated, ${mark.skipped} skipped`;
    case "stream":
      return `PB_CONNECT as ${mark.clientId.slice(0, 8)}`;
    case "live":
    case "subscribed":
    case "revived":
    case "end":
      return mark.type;
  }
}

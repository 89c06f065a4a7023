import type { LoggedEvent } from "@sluice/protocol";
import { pino } from "pino";
import { expect, test } from "vitest";
import { EventWriter, type WriterContext } from "./event-writer.ts";
import type { Change } from "./row.ts";

function change(id: string): Change {
  return { action: "update", collection: "posts", record: { id } };
}

function openWriter(complete: WriterContext["complete"]): { writer: EventWriter; written: LoggedEvent[] } {
  const written: LoggedEvent[] = [];
  const append = (events: readonly LoggedEvent[]): Promise<readonly string[]> => {
    written.push(...events);
    return Promise.resolve([]);
  };
  const log = pino({ level: "silent" });
  return {
    writer: new EventWriter({
      kept: { append },
      log,
      complete,
      maxWaiting: 10,
      overflowed: expect.unreachable,
    }),
    written,
  };
}

test("P4: what PocketBase completes after the end is not written: the next writer knows better", async () => {
  const completed = Promise.withResolvers<readonly Change[]>();
  const { writer, written } = openWriter(() => completed.promise);
  writer.write(change("p1"));
  writer.close();
  completed.resolve([change("p1")]);
  await writer.idle();
  expect(written).toEqual([]);
});

test("P5: a change that comes just when all is written is written too", async () => {
  for (let steps = 0; steps < 30; steps++) {
    const { writer, written } = openWriter((changes) => Promise.resolve(changes));
    writer.write(change("p1"));
    for (let step = 0; step < steps; step++) await Promise.resolve();
    writer.write(change("p2"));
    await writer.idle();
    expect(written, `after ${steps} steps`).toHaveLength(2);
  }
});

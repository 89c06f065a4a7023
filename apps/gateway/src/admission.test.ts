import { expect, test } from "vitest";
import { Admission } from "./admission.ts";
import { UnavailableError } from "./unavailable-error.ts";

/** A task that ends when it is told. */
function openTask() {
  const { promise, resolve } = Promise.withResolvers<string>();
  const task = {
    isStarted: false,
    run: (): Promise<string> => ((task.isStarted = true), promise),
    end: resolve,
  };
  return task;
}

function openAdmission() {
  const clock = { nowMs: 0 };
  return { clock, admission: new Admission({ nowMs: () => clock.nowMs, maxWaitMs: 9_000 }) };
}

async function settle(): Promise<void> {
  await new Promise(setImmediate);
}

test("the first ones run at once, the others in their order as the first ones end", async () => {
  const { admission } = openAdmission();
  const tasks = Array.from({ length: 40 }, openTask);
  const runs = tasks.map(({ run }) => admission.run(run));
  await settle();
  expect(tasks.map(({ isStarted }) => isStarted)).toEqual(tasks.map((_, index) => index < 32));
  expect(admission.size).toBe(40);
  tasks[0]?.end("first");
  expect(await runs[0]).toBe("first");
  await settle();
  // who was quick lets one more in beside the one for whom it made room
  expect(tasks.filter(({ isStarted }) => isStarted).length).toBe(34);
  for (const { end } of tasks) end("done");
  await Promise.all(runs);
  expect(admission.size).toBe(0);
});

test("slow ones let in fewer at once, quick ones more again", async () => {
  const { admission, clock } = openAdmission();
  const started = async (): Promise<number> => {
    const tasks = Array.from({ length: 300 }, openTask);
    const runs = tasks.map(({ run }) => admission.run(run));
    await settle();
    const count = tasks.filter(({ isStarted }) => isStarted).length;
    for (const { end } of tasks) end("");
    await Promise.all(runs);
    return count;
  };
  expect(await started()).toBe(32);
  expect(await started()).toBe(256);
  const slow = openTask();
  const run = admission.run(slow.run);
  clock.nowMs += 101;
  slow.end("");
  await run;
  expect(await started()).toBe(128);
});

test("who waits too long is sent away, and those behind come in", async () => {
  const { admission, clock } = openAdmission();
  const first = Array.from({ length: 32 }, openTask);
  const runs = first.map(({ run }) => admission.run(run));
  const late = openTask();
  const lateRun = admission.run(late.run);
  clock.nowMs = 9_001;
  const next = openTask();
  const nextRun = admission.run(next.run);
  first[0]?.end("");
  await expect(lateRun).rejects.toBeInstanceOf(UnavailableError);
  for (const { end } of [...first, next]) end("in");
  expect(await nextRun).toBe("in");
  expect(late.isStarted).toBe(false);
  await Promise.all(runs);
});

test("a task that fails makes room too", async () => {
  const { admission } = openAdmission();
  await expect(admission.run(() => Promise.reject(new TypeError("no")))).rejects.toThrow("no");
  expect(admission.size).toBe(0);
});

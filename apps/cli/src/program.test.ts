import { spawnSync } from "node:child_process";
import { accessSync, closeSync, constants, openSync, readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { expect, test, vi } from "vitest";
import { callSluice } from "../../../test/harness/sluice-call.ts";
import { startSluice } from "../../../test/harness/sluice-command.ts";
import manifest from "../package.json" with { type: "json" };
import { createProgram } from "./program.ts";

vi.setConfig({ testTimeout: 60_000 });

/** Every command that does something, by what is typed to call it. */
function leaves(command: Command, path: readonly string[] = []): readonly (readonly [string, Command])[] {
  if (command.commands.length === 0) return [[path.join(" "), command]];
  return command.commands.flatMap((child) => leaves(child, [...path, child.name()]));
}

/** What `--help` prints. */
function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

/** Splits a line as a shell does, and takes what is typed behind `sluice`, up to a pipe or a redirection. */
function argumentsOf(line: string): readonly string[] {
  const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
  const own = words.slice(words.lastIndexOf("sluice") + 1);
  const end = own.findIndex((word) => /^[|<>]$/.test(word));
  return end < 0 ? own : own.slice(0, end);
}

const names = leaves(createProgram()).map(([name]) => name);

test("has a help for each command, with examples that it takes as they stand there", async () => {
  expect(names.length).toBeGreaterThanOrEqual(11);
  for (const name of names) {
    const help = helpOf(leaves(createProgram()).find(([other]) => other === name)?.[1] ?? new Command());
    const examples = [...help.matchAll(/^ {2}(.*\bsluice .*)$/gm)].map(([, line = ""]) => line);
    expect([name, examples.length]).not.toEqual([name, 0]);
    for (const example of examples) {
      const program = createProgram();
      const taken: string[] = [];
      for (const [path, command] of leaves(program)) command.action(() => void taken.push(path));
      await program.parseAsync([...argumentsOf(example)], { from: "user" });
      expect([example, ...taken]).toEqual([example, name]);
    }
  }
});

test.each(names)("%s takes --json, and is in the documents", (name) => {
  expect(readFileSync("docs/cli.md", "utf8")).toMatch(new RegExp(`^\\$ .*npx sluice ${name}`, "m"));
  const [, command] = leaves(createProgram()).find(([other]) => other === name) ?? [];
  expect(command?.options.map(({ long }) => long)).toContain("--json");
});

test("says the commands and what a status means", async () => {
  const { stdout, stderr, status } = await callSluice(["--help"]);
  for (const text of ["token", "redis-check", "Exit status:", "  3  "]) expect(stdout).toContain(text);
  expect([stderr, status]).toEqual(["", 0]);
});

test.each<[args: readonly string[], message: string]>([
  [["tokn"], "(Did you mean token?)"],
  [["collections", "chek"], "(Did you mean check?)"],
  [["publish"], "missing required argument 'events'"],
  [[], "Usage: sluice"],
])("of %j it says what is wrong, and exits 2", async (args, message) => {
  const { stdout, stderr, status } = await callSluice(args);
  expect(stderr).toContain(message);
  expect([stdout, status]).toEqual(["", 2]);
});

test("an empty variable counts as not set", async () => {
  const env = { SLUICE_URL: "", REDIS_URL: "", SLUICE_TOKEN: "" };
  const { stderr, status } = await callSluice(["publish", "{}"], env);
  expect(stderr).toContain("expected --redis (REDIS_URL) or --url (SLUICE_URL), got neither");
  expect(status).toBe(2);
});

test("a secret behind a typing mistake is not shown", () => {
  const texts: string[] = [];
  const program = createProgram();
  for (const [, command] of leaves(program))
    command.configureOutput({ writeErr: (text) => texts.push(text) });
  expect(() => program.parse(["token", "--secrt=hunter2"], { from: "user" })).toThrow(CommanderError);
  expect(texts.join("")).toContain("unknown option '--secrt=…'");
  expect(texts.join("")).not.toContain("hunter2");
});

test("runs as it is installed: by the node that is first on the PATH", () => {
  const file = `${import.meta.dirname}/../${manifest.bin.sluice}`;
  accessSync(file, constants.X_OK);
  expect(readFileSync(file, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
  expect(spawnSync(file, ["--version"], { encoding: "utf8" })).toMatchObject({
    stdout: `${manifest.version}\n`,
    stderr: "",
    status: 0,
  });
});

test("whoever has read enough is no error", async () => {
  const event = '{"topic":"t","data":1}';
  const started = startSluice(["explain", "--event", event, ...Array.from({ length: 20_000 }, () => "t")]);
  started.process.stdout?.destroy();
  expect(await started.end).toMatchObject({ stderr: "", status: 0 });
});

test("what cannot be written is an error", () => {
  const full = openSync("/dev/full", "w");
  const args = [`${import.meta.dirname}/main.ts`, "token", "--id", "u1", "--secret", "s".repeat(32)];
  const { stderr, status } = spawnSync(process.execPath, args, {
    stdio: ["ignore", full, "pipe"],
    encoding: "utf8",
  });
  closeSync(full);
  expect(stderr).toContain("error: standard output: ENOSPC");
  expect(status).toBe(1);
});

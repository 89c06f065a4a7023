import { expect, test } from "vitest";
import { readPage } from "./page.ts";
import { Stage } from "./stage.ts";

/** Follows a page that is one text, its fences written as `~~~`. */
async function follow(text: string): Promise<void> {
  const stage = await Stage.open();
  try {
    for (const block of readPage("page.md", text).blocks) await stage.follow(block);
    await stage.settle();
  } finally {
    await stage.close();
  }
}

const sh = (code: string): string => `~~~sh\n${code}\n~~~\n`;
const typed = (text: string): string => `~~~console\n${text}\n~~~\n`;
const printed = (text: string): string => `~~~text\n${text}\n~~~\n`;

test.each([
  ["a command that fails", sh("false"), "page.md:1: expected status 0, got 1"],
  ["a command in front of others that fails", sh("false\ntrue"), "expected status 0, got 1"],
  ["a pipe of which a part fails", sh("false | cat"), "expected status 0, got 1"],
  ["another status than is said", `<!-- status: 2 -->\n${sh("exit 1")}`, "expected status 2, got 1"],
  ["other output than is shown", sh("echo one") + printed("two"), "expected\ntwo\n\ngot\none"],
  ["more output than is shown", sh("echo one; echo two") + printed("one"), "got\none\ntwo"],
  ["other output than was typed for", typed("$ echo one\none\n$ echo two\n3"), "expected\n3\n\ngot\ntwo"],
  ["output where nothing is shown", typed("$ echo one\n$ echo two\ntwo"), "expected\n\n\ngot\none"],
  ["a typed command that fails", typed("$ false"), "expected status 0, got 1"],
  ["what was typed without a prompt", typed("echo one\none"), 'expected "$ " and a command, got echo one'],
  ["what Redis refuses", "~~~redis\nHSET key field\n~~~\n", "ERR wrong number of arguments"],
  ["what stays and ends without a word", `<!-- stays: up -->\n${sh("echo down")}`, "got only\ndown"],
])("%s is found out", async (_what, text, problem) => {
  await expect(follow(text)).rejects.toThrow(problem);
});

test.each([
  ["what differs from run to run", sh("echo 1795800000000-0") + printed("1731001122334-7")],
  ["what is left out", sh("seq 9") + printed("1\n…\n9")],
  ["a status that is said", `<!-- status: 2 -->\n${sh("exit 2")}`],
  [
    "a file to be written, and one in /tmp/",
    `<!-- file: a -->\n~~~json\n1\n~~~\n${sh("cat a > /tmp/b; cat b")}${printed("1")}`,
  ],
  ["code that goes before", `<!-- before\nA=1\n-->\n${sh("echo $A")}${printed("1")}`],
  [
    "a hidden block, and a terminal",
    `<!-- hidden stays: up\necho up; sleep 60\n-->\n<!-- terminal -->\n${printed("up")}`,
  ],
  [
    "what is typed, over several lines, and in a terminal of its own",
    `${typed("$ echo 'one\n$ two' | \\\n  wc -l\n2\n$ true")}<!-- stays: up -->\n${typed("$ echo up; sleep 60\nup")}`,
  ],
  [
    "what goes before all that follow",
    `<!-- before from here -->\n${sh("A=1")}<!-- before\nB=2\n-->\n${sh("echo $A $B")}${printed("1 2")}<!-- hidden\ntest $A = 1\n-->`,
  ],
  ["what takes another time", typed("$ echo 3.07 ms, 1.2.3, 12 MiB\n12 ms, 9.20.1, 1.5 MiB")],
  ["what is not run", `<!-- not run from here: needs more -->\n${sh("false")}${sh("false")}`],
  ["another Redis than that of other pages", sh("redis-cli -u redis://127.0.0.1:6379 DBSIZE") + printed("0")],
])("%s is understood", async (_what, text) => {
  await expect(follow(text)).resolves.toBeUndefined();
});

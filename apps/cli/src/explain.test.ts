import { describe, expect, test } from "vitest";
import { callSluice } from "../../../test/harness/sluice-call.ts";
import { jsonLines, type SluiceResult } from "../../../test/harness/sluice-command.ts";

const explain = (...args: readonly string[]): Promise<SluiceResult> => callSluice(["explain", ...args]);

const event = '{"collection":"users","action":"create","record":{"id":"u1","email":"a@b.c","name":"Ann"}}';

describe("sluice explain", () => {
  test("prints what each topic of an event gets", async () => {
    const { stdout, status } = await explain("--event", event);
    expect(stdout).toContain("users/*\n  delivered, by the list rule\n");
    expect(stdout).toContain("users/u1\n  delivered, by the view rule\n");
    expect(stdout).not.toContain("a@b.c");
    expect(status).toBe(0);
  });

  test("takes the collections of COLLECTIONS_FILE, where none are given", async () => {
    const { stderr, status } = await callSluice(["explain", "--event", event], {
      COLLECTIONS_FILE: "/none.json",
    });
    expect(stderr).toContain("/none.json");
    expect(status).toBe(2);
  });

  test("prints the comparison that decided, with the values of both sides", async () => {
    const { stdout, status } = await explain(
      "--event",
      event,
      'users/*?options={"query":{"filter":"name = id"}}',
    );
    expect(status).toBe(1);
    expect(stdout).toBe(
      [
        'users/*?options={"query":{"filter":"name = id"}}',
        "  not delivered, by the filter",
        "  name = id",
        "  name = id   is false",
        '    name is "Ann"',
        '    id is "u1"',
        "",
        "",
      ].join("\n"),
    );
  });

  test("prints that e-mail is not for filters", async () => {
    const { stdout } = await explain("--event", event, `users/*?options={"query":{"filter":"email ~ 'a'"}}`);
    expect(stdout).toContain("    email is not for filters unless emailVisibility is true\n");
    expect(stdout).not.toContain("a@b.c");
  });

  test.each<[identity: string, email: boolean]>([
    ["guest", false],
    ["superuser", true],
    ['{"id":"u1"}', true],
    ['{"id":"u2","collectionName":"users"}', false],
  ])("asks for %s", async (identity, email) => {
    const { stdout } = await explain("--event", event, "--identity", identity, "users/*");
    expect(stdout.includes("a@b.c")).toBe(email);
  });

  test("says that a subscriber is told of a leave, where the event has the row before", async () => {
    const row = { id: "u1", email: "a@b.c", name: "Ann" };
    const update = { collection: "users", action: "update", before: row, record: { ...row, name: "Bob" } };
    const wanted = `users/*?options={"query":{"leave":true,"filter":"name = 'Ann'"}}`;
    const { stdout } = await explain("--event", JSON.stringify(update), wanted);
    expect(stdout).toContain('\n  told that it leaves: {"record":{"id":"u1"},"action":"leave"}\n');
    const { stdout: without } = await explain(
      "--event",
      JSON.stringify({ ...update, before: undefined }),
      wanted,
    );
    expect(without).not.toContain("leaves");
  });

  test("says what does not match", async () => {
    const { stdout } = await explain("--event", event, "posts/*");
    expect(stdout).toContain("not delivered: the event has other topics: users/u1, users/*, users");
    const nobody = await explain("--event", event.replace("users", "nobody"));
    expect(nobody.stderr).toContain("delivered to nobody");
    expect(nobody.status).toBe(1);
  });

  test("writes a line of JSON for each string with --json", async () => {
    expect(jsonLines(await explain("--event", event, "--json", "users/*", "users/u2"))).toMatchObject([
      { subscription: "users/*", outcome: "delivered" },
      { subscription: "users/u2", outcome: "unmatched" },
    ]);
  });

  test("does not quote what is no JSON", async () => {
    const { stderr } = await explain("--event", event, "--identity", '{"id":hunter2}');
    expect(stderr).toContain("expected JSON in the argument, got 14 characters of something else\n");
    expect(stderr).not.toContain("hunter2");
  });

  test.each<[what: string, args: readonly string[], message: string]>([
    ["no event", [], "required option '--event <event>' not specified"],
    ["a typing mistake", ["--event", event, "--identty", "guest"], "(Did you mean --identity?)"],
    ["a bad event", ["--event", '{"action":"drop"}'], '--event: expected action "create"'],
    ["broken JSON", ["--event", "{"], "expected JSON in the argument, got 1 characters of something else"],
    [
      "a file that is not there",
      ["--event", "nowhere.json"],
      "expected JSON or a file that can be read, got nowhere.json",
    ],
    ["bad collections", ["--event", event, "--collections", "README.md"], "expected JSON in README.md"],
    [
      "an identity of no auth collection",
      ["--event", event, "--identity", '{"id":"a","collectionName":"posts"}'],
      "--identity: expected claims",
    ],
  ])("tells of %s, and exits 2", async (_, args, message) => {
    const { stderr, stdout, status } = await explain(...args);
    expect(stderr).toContain(message);
    expect({ stdout, status }).toEqual({ stdout: "", status: 2 });
  });
});

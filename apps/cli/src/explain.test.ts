import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const script = fileURLToPath(new URL("./explain.ts", import.meta.url));

function explain(...args: readonly string[]) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });
  return { stdout, stderr, status };
}

const event = '{"collection":"users","action":"create","record":{"id":"u1","email":"a@b.c","name":"Ann"}}';

describe("npm run explain", () => {
  test("prints what each topic of an event gets", () => {
    const { stdout, status } = explain("--event", event);
    expect(stdout).toContain("users/*\n  delivered, by the list rule\n");
    expect(stdout).toContain("users/u1\n  delivered, by the view rule\n");
    expect(stdout).not.toContain("a@b.c");
    expect(status).toBe(0);
  });

  test("prints the comparison that decided, with the values of both sides", () => {
    const { stdout } = explain("--event", event, 'users/*?options={"query":{"filter":"name = id"}}');
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

  test("prints that e-mail is not for filters", () => {
    const { stdout } = explain("--event", event, `users/*?options={"query":{"filter":"email ~ 'a'"}}`);
    expect(stdout).toContain("    email is not for filters unless emailVisibility is true\n");
    expect(stdout).not.toContain("a@b.c");
  });

  test.each<[identity: string, email: boolean]>([
    ["guest", false],
    ["superuser", true],
    ['{"id":"u1"}', true],
    ['{"id":"u2","collectionName":"users"}', false],
  ])("asks for %s", (identity, email) => {
    expect(explain("--event", event, "--identity", identity, "users/*").stdout.includes("a@b.c")).toBe(email);
  });

  test("says that a subscriber is told of a leave, where the event has the row before", () => {
    const row = { id: "u1", email: "a@b.c", name: "Ann" };
    const update = { collection: "users", action: "update", before: row, record: { ...row, name: "Bob" } };
    const wanted = `users/*?options={"query":{"leave":true,"filter":"name = 'Ann'"}}`;
    const { stdout } = explain("--event", JSON.stringify(update), wanted);
    expect(stdout).toContain('\n  told that it leaves: {"record":{"id":"u1"},"action":"leave"}\n');
    const { stdout: without } = explain("--event", JSON.stringify({ ...update, before: undefined }), wanted);
    expect(without).not.toContain("leaves");
  });

  test("says what does not match", () => {
    const { stdout } = explain("--event", event, "posts/*");
    expect(stdout).toContain("not delivered: the event has other topics: users/u1, users/*, users");
    expect(explain("--event", event.replace("users", "nobody")).stdout).toContain("delivered to nobody");
  });

  test("writes a line of JSON for each string with --json", () => {
    const lines = explain("--event", event, "--json", "users/*", "users/u2").stdout.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { subscription: "users/*", outcome: "delivered" },
      { subscription: "users/u2", outcome: "unmatched" },
    ]);
  });

  test.each<[what: string, args: readonly string[], message: string]>([
    ["no event", [], "expected --event, got none"],
    ["an unknown option", ["--evnt", event], "Unknown option '--evnt'"],
    ["a bad event", ["--event", '{"action":"drop"}'], '--event: expected action "create"'],
    ["broken JSON", ["--event", "{"], "expected JSON in the argument"],
    [
      "a file that is not there",
      ["--event", "nowhere.json"],
      "expected JSON or a file that can be read, got nowhere.json",
    ],
    ["bad collections", ["--event", event, "--collections", script], `expected JSON in ${script}`],
    [
      "an identity of no auth collection",
      ["--event", event, "--identity", '{"id":"a","collectionName":"posts"}'],
      "--identity: expected claims",
    ],
  ])("tells of %s, and exits 2", (_, args, message) => {
    const { stderr, stdout, status } = explain(...args);
    expect(stderr).toContain(message);
    expect(stderr).toContain("npm run explain -- ");
    expect({ stdout, status }).toEqual({ stdout: "", status: 2 });
  });

  test("explains itself", () => {
    expect(explain("--help")).toMatchObject({ status: 0, stderr: "" });
  });
});

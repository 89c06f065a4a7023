import { describe, expect, test } from "vitest";
import { Scanner, type Token } from "./scanner.ts";

function scan(text: string, span = { start: 0, end: text.length }): readonly Token[] {
  const scanner = new Scanner(text, span);
  const tokens: Token[] = [];
  for (;;) {
    const token = scanner.next();
    if (token.kind === "end") return tokens;
    tokens.push(token);
  }
}

/** Tokens without their places, as short as can be. */
function outline(tokens: readonly Token[], text: string): readonly unknown[] {
  return tokens.map((token) => {
    switch (token.kind) {
      case "identifier":
        return token.name;
      case "text":
        return { text: token.text };
      case "number":
        return token.value;
      case "call":
        return { [token.name]: outline(token.args, text) };
      case "operator":
        return `${token.isAny ? "any " : ""}${token.operator}`;
      case "join":
        return token.join;
      default:
        return text.slice(token.start, token.end);
    }
  });
}

function read(text: string): readonly unknown[] {
  return outline(scan(text), text);
}

test("a token knows where it stands in the whole text", () => {
  const text = "(x) a.b ?>= 'it' // c\n&& f(-1)";
  expect(scan(text, { start: 4, end: text.length })).toEqual([
    { kind: "identifier", name: "a.b", start: 4, end: 7 },
    { kind: "operator", operator: ">=", isAny: true, start: 8, end: 11 },
    { kind: "text", text: "it", start: 12, end: 16 },
    { kind: "join", join: "&&", start: 22, end: 24 },
    {
      kind: "call",
      name: "f",
      args: [{ kind: "number", value: -1, start: 27, end: 29 }],
      start: 25,
      end: 30,
    },
  ]);
});

test("a part of a text ends where it is told to", () => {
  const inner = { start: 1, end: 6 };
  expect(outline(scan("(a = 10) && b", inner), "")).toEqual(["a", "=", 1]);
  expect(new Scanner("a  ", { start: 1, end: 3 }).next()).toEqual({ kind: "end", start: 3, end: 3 });
  expect(() => scan("'abc'", { start: 0, end: 4 })).toThrow("expected a closing '");
  expect(() => scan("f(1)", { start: 0, end: 3 })).toThrow("expected a closing )");
});

describe("blanks and comments", () => {
  test.each<[text: string, tokens: readonly unknown[]]>([
    ["", []],
    [" \t\n ", []],
    ["a\n\t b", ["a", "b"]],
    ["// c", []],
    ["//", []],
    ["/// c\na", ["a"]],
    ["a// c = 'd' (\n=// e", ["a", "="]],
    ["// c // d\n// e\n a", ["a"]],
    ["//\r\na", ["a"]],
    ["'//' // '", [{ text: "//" }]],
  ])("%j", (text, tokens) => {
    expect(read(text)).toEqual(tokens);
  });
});

describe("identifiers", () => {
  test.each(["a", "A1_", "_x", "#x", "@now", "@request.auth.id", "a.b.c:each", "a..b", "a::b", "__", "a.1"])(
    "%s is one",
    (text) => {
      expect(scan(text)).toEqual([{ kind: "identifier", name: text, start: 0, end: text.length }]);
    },
  );

  test.each<[text: string, tokens: readonly unknown[]]>([
    ["a@b", ["a", "@b"]],
    ["a#b", ["a", "#b"]],
    ["a-1", ["a", -1]],
    ["null", ["null"]],
    ["f (1)", ["f", "(1)"]],
  ])("%s is several tokens", (text, tokens) => {
    expect(read(text)).toEqual(tokens);
  });
});

describe("numbers", () => {
  test.each([
    ["0", 0],
    ["007", 7],
    ["10.50", 10.5],
    ["-1", -1],
    ["-.5", -0.5],
    ["-0", -0],
    ["9".repeat(400), 0],
    [`-${"9".repeat(400)}`, 0],
  ])("%s is %d", (text, value) => {
    expect(scan(text)).toEqual([{ kind: "number", value, start: 0, end: text.length }]);
  });

  test.each<[text: string, tokens: readonly unknown[]]>([
    ["1e5", [1, "e5"]],
    ["1-2", [1, -2]],
    ["0x10", [0, "x10"]],
    ["1_000", [1, "_000"]],
  ])("%s is several tokens", (text, tokens) => {
    expect(read(text)).toEqual(tokens);
  });
});

describe("texts", () => {
  test.each([
    ["''", ""],
    ['""', ""],
    ["'a'", "a"],
    [`"it's"`, "it's"],
    [String.raw`'it\'s'`, "it's"],
    [String.raw`'\'\''`, "''"],
    [String.raw`"a\"b"`, 'a"b'],
    [String.raw`'a\"b'`, String.raw`a\"b`],
    [String.raw`'a\nb\\c'`, String.raw`a\nb\\c`],
    [String.raw`'a\\'b'`, String.raw`a\'b`],
    ["'a\nb\r\t'", "a\nb\r\t"],
    ["'// (a) é\u{1f600}'", "// (a) é\u{1f600}"],
  ])("%j is %j", (text, value) => {
    expect(scan(text)).toEqual([{ kind: "text", text: value, start: 0, end: text.length }]);
  });
});

describe("operators and joins", () => {
  test.each(["=", "!=", ">", ">=", "<", "<=", "~", "!~"])("%s is one, with or without ?", (operator) => {
    expect(read(`a${operator}1`)).toEqual(["a", operator, 1]);
    expect(read(`a?${operator}1`)).toEqual(["a", `any ${operator}`, 1]);
  });

  test("are told apart from each other", () => {
    expect(read("a&&b||c")).toEqual(["a", "&&", "b", "||", "c"]);
  });
});

describe("brackets are passed over", () => {
  test.each([
    ["(a = 1)"],
    ["()"],
    ["(a = (b))"],
    ["(a = ')')"],
    [String.raw`(a = "\")")`],
    ["(a = '(')"],
    ["(// it is\n)"],
    ["([%&)"],
  ])("%s", (text) => {
    expect(scan(`${text} && a`)[0]).toEqual({ kind: "brackets", start: 0, end: text.length });
  });

  test("as if comments in them were none", () => {
    expect(read("(a // )\n = 1")).toEqual(["(a // )", "=", 1]);
    expect(() => scan("(a = 1 // it's\n)")).toThrow("expected a closing '");
  });
});

describe("calls", () => {
  test.each<[text: string, call: unknown]>([
    ["f()", { f: [] }],
    ["f( \n )", { f: [] }],
    ["f(1,)", { f: [1] }],
    ["@f(a.b, 'x', -1.5, \"y\", g())", { "@f": ["a.b", { text: "x" }, -1.5, { text: "y" }, { g: [] }] }],
    ["f(1 // one,\n, // two\n2 //\n)", { f: [1, 2] }],
    ["f(g(h(1)), h())", { f: [{ g: [{ h: [1] }] }, { h: [] }] }],
    ["f(')')", { f: [{ text: ")" }] }],
  ])("%j", (text, call) => {
    expect(read(text)).toEqual([call]);
  });
});

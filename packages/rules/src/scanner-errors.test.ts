import { expect, test } from "vitest";
import { RuleError } from "./rule-error.ts";
import { Scanner } from "./scanner.ts";

/** Why a text is refused, and where. */
function refusal(text: string): unknown {
  const scanner = new Scanner(text, { start: 0, end: text.length });
  try {
    while (scanner.next().kind !== "end");
    return "scanned";
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    return [error.code, error.position, error.message];
  }
}

test.each<[text: string, position: number, why: string]>([
  ..."+*[]{},).;%`:^$\\\r\f\v\u00a0é"
    .split("")
    .map((char): [string, number, string] => [`a ${char}`, 2, `unexpected ${JSON.stringify(char)}`]),
  ["a \u{1f600}", 2, 'unexpected "\u{1f600}"'],
  ["a /b", 2, "comment"],
  ["a / /", 2, "comment"],
  ["a = /", 4, "comment"],
  ["a. = 1", 0, "expected an identifier, got a."],
  ["b = a:", 4, "expected an identifier, got a:"],
  ["a.( = 1", 0, "expected an identifier"],
  ["@ = 1", 0, "expected an identifier, got @"],
  [" _", 1, "expected an identifier, got _"],
  ["#", 0, "expected an identifier, got #"],
  ["a = -", 4, "expected a number, got -"],
  ["a = 1.", 4, "expected a number, got 1."],
  ["a = 1..2", 4, "expected a number, got 1..2"],
  ["a = 1.2.3", 4, "expected a number, got 1.2.3"],
  ["-.", 0, "expected a number, got -."],
  ["--1", 0, "expected a number, got -"],
  ["a = 'b", 4, "expected a closing '"],
  ['a = "', 4, 'expected a closing "'],
  ["'''", 2, "expected a closing '"],
  [String.raw`'a\'`, 0, "expected a closing '"],
  [String.raw`'a\\'`, 0, "expected a closing '"],
  ["a == 1", 2, "expected an operator, got =="],
  ["a ? 1", 2, "expected an operator, got ?"],
  ["a ??= 1", 2, "expected an operator, got ??="],
  ["a =! 1", 2, "expected an operator, got =!"],
  ["a <> 1", 2, "expected an operator, got <>"],
  ["a =~ 1", 2, "expected an operator, got =~"],
  ["a ! 1", 2, "expected an operator, got !"],
  ["a =?= 1", 2, "expected an operator, got =?="],
  ["a & b", 2, "expected && or ||, got &"],
  ["a ||| b", 2, "expected && or ||, got |||"],
  ["a &| b", 2, "expected && or ||, got &|"],
  ["a = (b", 4, "expected a closing )"],
  ["((a)", 0, "expected a closing )"],
  ["(a = 1 // it's\n)", 12, "expected a closing '"],
  ["(a = ')", 5, "expected a closing '"],
  ["a = f(1", 5, "expected a closing )"],
  ["f(1, ", 1, "expected a closing )"],
  ["f(,)", 2, 'unexpected ","'],
  ["f(1,,2)", 4, 'unexpected ","'],
  ["f(1 2)", 4, 'unexpected "2"'],
  ["f((1))", 2, 'unexpected "("'],
  ["f(a = 1)", 4, 'unexpected "="'],
  ["f(1.)", 2, "expected a number"],
  ["f(g(h(i())))", 6, "expected calls nested at most 3 deep"],
])("%j is refused at %d", (text, position, why) => {
  expect(refusal(text)).toEqual(["syntax", position, expect.stringContaining(why)]);
});

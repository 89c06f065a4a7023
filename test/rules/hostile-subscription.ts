import type { SeededChoice } from "../harness/seeded-choice.ts";
import { Mutants } from "./mutant.ts";
import { vectorRules } from "./vector-rules.ts";

/** Longest subscription string that a client may send, in bytes. */
const maxBytes = 2_500;

const mutants = new Mutants(vectorRules);

const names = "query headers Query __proto__ constructor toString filter fields expand sort x-y aB".split(
  " ",
);

const values =
  "null true false 1e999 -0 0.1e-7 %7B %00 %zz %ff \\u0000 \\ud800 options= title :excerpt(9,true) * ..";

const pieces = Array.from("{}[]\"\\:,%+&=;#?.*() \t\n'`é\u{1f600}").concat(names, values.split(" "));

const topics = [
  "posts/*",
  "posts/p1",
  "posts",
  "posts_id/*",
  "posts/p2",
  "posts/../p1",
  "news",
  "__proto__",
  "%",
  "",
];

const starts = [
  "options=",
  "options=",
  "options=",
  "options=",
  "x=%&options=",
  "options=%&options=",
  "OPTIONS=",
  "",
];

/** A subscription string of a client that wishes no good, or that knows no better. */
export function hostileSubscription(choice: SeededChoice): string {
  const options = hostileOptions(choice).toWellFormed();
  const written = choice.chance(0.8) ? encodeURIComponent(options) : options;
  return `${choice.of(topics)}?${choice.of(starts)}${written}`.slice(0, maxBytes);
}

function hostileOptions(choice: SeededChoice): string {
  const text = (mostPieces: number): string => choice.text(pieces, mostPieces);
  switch (choice.integer(8)) {
    case 0:
      return text(60);
    case 1:
      return "[".repeat(choice.integer(maxBytes)) + choice.of(["", "]".repeat(9), "]".repeat(1_000)]);
    case 2:
      return `{"query":${'{"filter":'.repeat(choice.integer(200))}1${"}".repeat(choice.integer(200))}`;
    case 3:
      return JSON.stringify({ headers: { [text(300)]: text(9), [text(9)]: { a: text(3) } } });
    case 4:
      return `{"__proto__":{"query":{"filter":"x"}},"query":{"__proto__":${choice.of(['"a"', "{}"])},"constructor":1}}`;
    case 5:
      return JSON.stringify({ query: { filter: mutants.next(choice), sort: text(9) } });
    case 6:
      return JSON.stringify({
        query: { fields: text(40), expand: text(40), filter: choice.of(["", "id!=''"]) },
      });
    default:
      return edited(
        JSON.stringify({ query: { filter: choice.of(vectorRules), a: 1 }, headers: { a: "b" } }),
        choice,
      );
  }
}

/** A text, a few characters of which are something else. */
function edited(text: string, choice: SeededChoice): string {
  const at = choice.integer(2 * text.length);
  return text.slice(0, at) + (at < text.length ? choice.of(pieces) : "") + text.slice(at + choice.integer(3));
}

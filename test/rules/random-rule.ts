import * as fc from "fast-check";

/** What a random rule may name. */
export interface RuleWords {
  readonly identifiers: readonly string[];
  /** Whether functions are called, which may be unknown, and time and place go by. */
  readonly calls: boolean;
}

/** Names of the record's own fields, with modifiers and paths. */
export const ownNames = (
  "id title body total flag status tags author editors data at created point file files link mail pass secret " +
  "title:lower total:lower flag:lower tags:lower status:length tags:length files:length title:isset title:changed " +
  "tags:each status:each editors:each total:each data.a data.b.0 data.b.1.c data.a:lower point.lon point.lat author.id"
).split(" ");

/** Names of what the request brings. */
export const requestNames = (
  "id collectionId collectionName email verified name age active roles roles:each roles:length prefs prefs.a " +
  "prefs:each name:lower email:lower gone other:each"
)
  .split(" ")
  .map((name) => `@request.auth.${name}`)
  .concat(
    "query.a query.b query.total query.a:isset query.a:lower query.a.b headers.x_token headers.x_token:isset"
      .split(" ")
      .map((name) => `@request.${name}`),
    "context method body.title body.tags:each body.tags:length body.title:isset body.title:lower"
      .split(" ")
      .map((name) => `@request.${name}`),
  );

/** Names of what is in other records, or nowhere. */
export const otherNames = (
  "author.name cats.score cats.name:lower comments_via_post.text @collection.cats.name @collection.users:u.age " +
  "@request.auth.team.name nothing title.x tags:nothing @request.nothing.x"
).split(" ");

/** Names of what is in other records, most of which meet. */
export const joinNames = (
  "author.name author.age author.roles:each author.team.name author.team.members:each author.team.members.id cats.name " +
  "cats.score cats.id cats:each cats.opts:each cats.parent.name cats:length cat.active cat.meta.a cat.opts:length parent.title " +
  "parent.tags:each parent.comments_via_posts.text comments_via_post.text comments_via_posts.rating comments_via_post.id " +
  "comments_via_post.posts:each @collection.cats.name @collection.cats:x.id @collection.cats:x.parent @collection.comments.post " +
  "@collection.comments.posts:each @collection.comments.posts.title @collection.users.team @collection.teams.members.name " +
  "@collection.teams.members:each @request.auth.team @request.auth.team.name @request.auth.team.members:each " +
  "@request.auth.team.members.id @request.auth.posts_via_author.title @request.auth.teams_via_members.id"
).split(" ");

const constants = "null true false TRUE @now @todayStart @yearEnd @year @weekday @hour".split(" ");

/** Texts that meet each other, and whatever quoting and LIKE take for signs. */
export const someText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "",
    "a",
    "A",
    "b",
    "ab",
    "u1",
    "10",
    "10.0",
    "1",
    "true",
    "2026-01-02 03:04:05.678Z",
    "x%",
    "a_",
  ),
  fc
    .array(fc.constantFrom(...Array.from("ab1%_\\'\" .(/\n&é\u{1f600}")), { maxLength: 6 })
    .map((chars) => chars.join("")),
);

const quotedText = fc
  .tuple(someText, fc.constantFrom("'", '"'))
  // a backslash before the closing quote escapes it
  .map(([text, quote]) => `${quote}${text.replace(/\\+$/, "").replaceAll(quote, `\\${quote}`)}${quote}`);

const number = fc.constantFrom(
  "0",
  "1",
  "10",
  "-1",
  "-.5",
  "1.5",
  "007",
  "10.0",
  `1${"0".repeat(25)}`,
  "0.00000012",
);

const blank = fc.constantFrom("", " ", " ", " ", "\t", "\n ", " // a = 1 && b\n");

const sign = fc.constantFrom(
  ...["=", "!=", ">", ">=", "<", "<=", "~", "!~"].flatMap((operator) => [operator, operator, `?${operator}`]),
);

function call(identifiers: readonly string[]): fc.Arbitrary<string> {
  const name = fc.constantFrom(...identifiers);
  const format = fc.constantFrom("'%Y-%m-%d'", "'%H %J'", "''", "'%q'");
  const time = fc.oneof(name, fc.constantFrom("at", "created", "'2026-01-02'", "2461000.5"));
  const modifier = fc.constantFrom(
    "'+1 days'",
    "'start of month'",
    "'weekday 1'",
    "'unixepoch'",
    "'nonsense'",
  );
  const place = fc.oneof(name, number, fc.constantFrom("point.lon", "point.lat"));
  const args = fc.oneof(
    fc.tuple(fc.constant("strftime"), format, time),
    fc.tuple(fc.constant("strftime"), format, time, modifier),
    fc.tuple(fc.constant("geoDistance"), place, place, place, place),
  );
  return fc
    .tuple(args, blank, fc.constantFrom("", ","))
    .map(
      ([[called = "", ...rest], space, end]) => `${called}(${space}${rest.join(`${space},`)}${end}${space})`,
    );
}

/** One comparison without what parsers take for something else. */
export function someComparison({ identifiers, calls }: RuleWords): fc.Arbitrary<string> {
  const name = fc.constantFrom(...identifiers);
  const operand = fc.oneof(
    { weight: 6, arbitrary: name },
    { weight: 3, arbitrary: quotedText },
    { weight: 1, arbitrary: number },
    { weight: 1, arbitrary: fc.constantFrom(...constants) },
    { weight: calls ? 1 : 0, arbitrary: call(identifiers) },
  );
  return fc.tuple(operand, blank, sign, blank, operand).map((parts) => parts.join(""));
}

/** A whole rule: comparisons and groups, joined; now and then in one of the ways that are accepted and hardly meant. */
export function someRule(words: RuleWords): fc.Arbitrary<string> {
  const comparison = someComparison(words);
  const { rule } = fc.letrec<{ rule: string; group: string; swallowed: string }>((tie) => ({
    group: tie("rule").map((inner) => `(${inner})`),
    swallowed: fc
      .tuple(fc.constantFrom("title", "1 =", "'a' ~"), tie("group"))
      .map((parts) => parts.join(" ")),
    rule: fc
      .array(
        fc.tuple(
          fc.constantFrom("&&", "||"),
          blank,
          fc.oneof(
            { maxDepth: 3, depthSize: "small" },
            { weight: 12, arbitrary: comparison },
            { weight: 5, arbitrary: tie("group") },
            { weight: 1, arbitrary: tie("swallowed") },
            { weight: 1, arbitrary: fc.tuple(tie("group"), tie("group")).map((groups) => groups.join("")) },
          ),
          blank,
        ),
        { minLength: 1, maxLength: 4, size: "max" },
      )
      .map((terms) =>
        terms.map(([join, ...term], index) => (index === 0 ? "" : join) + term.join("")).join(""),
      ),
  }));
  return rule;
}

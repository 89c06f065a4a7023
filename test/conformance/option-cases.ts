import { assertHeard, note, ownNeeds, withOptions } from "./hearing.ts";
import { type Case, tokensOf } from "./target.ts";

const headerNames: readonly (readonly [sent: string, read: string])[] = [
  ["X-Token", "x_token"],
  ["x-token", "x_token"],
  ["x_token", "x_token"],
  ["XToken", "xtoken"],
  ["xApiKey", "x_api_key"],
  ["X-API-Key", "x_api_key"],
  ["CF-Connecting-IP", "cf_connecting_ip"],
  ["ETag", "etag"],
  ["X-Test1Ab", "x_test1_ab"],
  ["X--Foo__Bar", "x_foo_bar"],
];

/** Values of options as JSON, and the text that rules read. */
const values: readonly (readonly [json: string, text: string])[] = [
  ['"a b"', "a b"],
  ["123", "123"],
  ["1.50", "1.5"],
  ["1e21", "1000000000000000000000"],
  ["1e-7", "0.0000001"],
  ["true", "true"],
  ["false", "false"],
  ["null", ""],
  ["[1]", ""],
  ['{"a":1}', ""],
];

/** Options that leave out the filter in them, each for a reason of its own. */
const broken: readonly (readonly [why: string, options: string])[] = [
  ["no end", `{"query":{"filter":"text = 'x'"}`],
  ["a list in place of the object", `[{"query":{"filter":"text = 'x'"}}]`],
  ["a query that is no object", `{"query":["text = 'x'"],"headers":{}}`],
  ["an & that is not encoded", `{"query":{"filter":"text = 'x' && id = 'x'"}}`],
  ["a ; that is not encoded", `{"query":{"filter":"text = 'x;'"}}`],
  ["a # that is not encoded", `{"query":{"filter":"text = 'x#'"}}`],
  ["a % that encodes nothing", `{"query":{"filter":"text = 'x%'"}}`],
];

const post = { collection: "posts", action: "create", record: { id: "p1" } };

/** Options whose filter the public note does not pass, encoded. */
const refusing = encodeURIComponent(`{"query":{"filter":"text = 'x'"}}`);

/** A topic with one option in query and headers, and a superuser's filter that asks for one. */
function asking(json: string, filter: string): string {
  const options = `{"query":{"k":${json},"filter":${JSON.stringify(filter)}},"headers":{"K":${json}}}`;
  return `posts/*?options=${encodeURIComponent(options)}`;
}

/** A filter for a text, as it is and encoded, its blanks written in one way. */
function blanks(text: string, blank: string): readonly string[] {
  return [
    `notes/*?options={"query":{"filter":"text = '${text}'"}}`,
    `notes/*?options=%7B%22query%22%3A%7B%22filter%22%3A%22text %3D '${text}'%22%7D%7D`,
  ].map((topic) => topic.replaceAll(" ", blank));
}

/** What is read of a subscription's options, and where they count as none. */
export const optionCases: readonly Case[] = [
  ...headerNames.map(([sent, read]): Case => ({
    name: `the header ${sent} of the options is read as ${read}`,
    needs: ownNeeds,
    run: (target) => {
      const topics = new Map(
        ["other", ...headerNames.map(([, name]) => name)].map((name) => {
          const filter = `@request.headers.${name} = 'v'`;
          return [name, withOptions("posts/*", { query: { filter }, headers: { [sent]: "v" } })];
        }),
      );
      const pass = [topics.get(read) ?? ""];
      const fail = [...topics.values()].filter((topic) => !pass.includes(topic));
      return assertHeard(target, { pass, fail, event: post, token: tokensOf(target).superuser });
    },
  })),
  ...values.map(([json, read]): Case => ({
    name: `the value ${json} in the options is read as the text "${read}"`,
    needs: ownNeeds,
    run: (target) => {
      const of = ["query", "headers"].map((part) => `@request.${part}.k`);
      const pass = of.map((value) => asking(json, `${value} = '${read}' && ${value}:isset = true`));
      const fail = of.map((value) => asking(json, `${value} = 'x' || ${value}:isset = false`));
      return assertHeard(target, { pass, fail, event: post, token: tokensOf(target).superuser });
    },
  })),
  {
    name: "keys of the query are read as they are sent",
    needs: ownNeeds,
    run: (target) => {
      const query = { camelCase: "1", "a-b": "2" };
      const filters = [
        "@request.query.camelCase = '1'",
        "@request.query.camel_case = '1'",
        "@request.query.a_b = '2'",
      ];
      const [exact = "", ...others] = filters.map((filter) =>
        withOptions("posts/*", { query: { ...query, filter } }),
      );
      return assertHeard(target, {
        pass: [exact],
        fail: others,
        event: post,
        token: tokensOf(target).superuser,
      });
    },
  },
  ...broken.map(([why, options]): Case => ({
    name: `options with ${why} have no filter; the rule stays`,
    needs: ownNeeds,
    run: async (target) => {
      const topics = [`notes/*?options=${options}`];
      const fail = [`notes/*?options=${refusing}`];
      await assertHeard(target, { pass: topics, fail, event: note({ public: true }) });
      await assertHeard(target, { pass: [], fail: topics, event: note({ public: false }) });
    },
  })),
  {
    name: "options of which one half is broken keep the other",
    needs: ownNeeds,
    run: (target) =>
      assertHeard(target, {
        pass: [],
        fail: [withOptions("notes/*", { headers: 5, query: { filter: "text = 'x'" } })],
        event: note({ public: true }),
      }),
  },
  {
    name: "of several options parameters the first counts, and no other parameter",
    needs: ownNeeds,
    run: (target) =>
      assertHeard(target, {
        pass: [
          `notes/*?options={}&options=${refusing}`,
          `notes/*?Options=${refusing}`,
          `notes/*?option=${refusing}`,
        ],
        fail: [
          `notes/*?options=${refusing}&options={}`,
          `notes/*?x=1&options=${refusing}`,
          `notes/*?options=${refusing.replace("query", "QUERY")}`,
        ],
        event: note({ public: true }),
      }),
  },
  {
    name: "options may be written as they are, with + or with %20 for a blank",
    needs: ownNeeds,
    run: (target) => {
      const pass = ["+", "%20", " "].flatMap((blank) => blanks("a b", blank));
      const fail = ["+", "%20", " "].flatMap((blank) => blanks("a c", blank));
      return assertHeard(target, { pass, fail, event: note({ public: true }) });
    },
  },
];

import { compileRule, type RuleCollection, type RuleSchema, type Subject } from "@sluice/rules";

/** What is measured once: CPU time of a number of runs. */
type Work = (runs: number) => void;

const field = (name: string, type: string) => ({ name, type, multiple: false, hidden: false });

const posts: RuleCollection = {
  id: "posts",
  name: "posts",
  type: "base",
  listRule: "",
  fields: [
    field("owner", "relation"),
    field("public", "bool"),
    field("title", "text"),
    field("status", "select"),
    field("score", "number"),
    { ...field("tags", "select"), multiple: true },
  ],
};

const schema: RuleSchema = { find: () => posts };

const subjects: readonly Subject[] = Array.from({ length: 1_000 }, (_, index) => ({
  record: JSON.parse(
    JSON.stringify({
      id: `record${index}`,
      owner: index % 7 === 0 ? "" : `user${index % 50}`,
      public: index % 3 === 0,
      title: `Title ${index}`,
      status: index % 2 === 0 ? "open" : "closed",
      score: index,
      tags: ["a", "b", `c${index}`],
    }),
  ),
  request: {
    auth:
      index % 5 === 0
        ? undefined
        : JSON.parse(`{"id":"user${index % 40}","collectionId":"users","collectionName":"users"}`),
    query: {},
    headers: {},
  },
  nowMs: 1_790_000_000_000,
}));

const ownerRule = "owner = @request.auth.id || public = true";

/** The owner rule by hand: as careful with null and empty values, and no more. */
function ownerByHand({ record, request }: Subject): boolean {
  return (record["owner"] ?? "") === (request.auth?.["id"] ?? "") || record["public"] === true;
}

const typicalRule =
  "@request.auth.id != '' && (owner = @request.auth.id || tags:each ?= @request.auth.id || (status = 'open' && score >= 10))";

let passed = 0;

function evaluating(decide: (subject: Subject) => unknown): Work {
  return (runs) => {
    for (let run = 0; run < runs; run++) {
      for (const subject of subjects) if (decide(subject) === true) passed += 1;
    }
  };
}

function compiling(text: string): Work {
  return (runs) => {
    for (let run = 0; run < runs; run++) {
      if (compileRule(text, { schema, collection: posts, kind: "rule" }).constant !== undefined) passed += 1;
    }
  };
}

/** Microseconds of CPU for one unit: the least of several rounds, which other processes disturb least. */
function measureUs(work: Work, { runs, unitsPerRun }: { runs: number; unitsPerRun: number }): number {
  const rounds = Array.from({ length: 12 }, () => {
    const before = process.cpuUsage();
    work(runs);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / (runs * unitsPerRun);
  });
  return Math.min(...rounds);
}

function decider(text: string): Work {
  const rule = compileRule(text, { schema, collection: posts, kind: "rule" });
  return evaluating((subject) => rule.decide(subject));
}

function print(name: string, us: number, more: Readonly<Record<string, number | string>> = {}): void {
  const figure = { name, cpuUs: Number(us.toPrecision(3)), ...more };
  process.stdout.write(`${JSON.stringify(figure)}\n`);
}

const perSubject = { runs: 1_000, unitsPerRun: subjects.length };

const ownerCompiled = compileRule(ownerRule, { schema, collection: posts, kind: "rule" });
for (const subject of subjects) {
  if (ownerCompiled.decide(subject) !== ownerByHand(subject)) {
    throw new TypeError(`expected both to decide alike, got ${JSON.stringify(subject)}`);
  }
}

// each is measured beside the other, after both are warm
const [byHand, byRule] = [evaluating(ownerByHand), decider(ownerRule)];
for (const work of [byHand, byRule, byHand, byRule]) work(200);
const handUs = measureUs(byHand, perSubject);
const ruleUs = measureUs(byRule, perSubject);
print("evaluate by hand", handUs, { rule: ownerRule });
print("evaluate compiled", ruleUs, {
  rule: ownerRule,
  timesByHand: Number((ruleUs / handUs).toPrecision(3)),
});
print("evaluate compiled", measureUs(decider(typicalRule), { ...perSubject, runs: 200 }), {
  rule: typicalRule,
});
for (const text of [ownerRule, typicalRule]) {
  compiling(text)(2_000);
  print("compile", measureUs(compiling(text), { runs: 2_000, unitsPerRun: 1 }), { rule: text });
}
// what is never looked at need not be computed
if (passed === 0) throw new TypeError("expected some to pass");

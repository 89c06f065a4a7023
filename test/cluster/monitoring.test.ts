import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type GatewayProcess, startGateway } from "../harness/gateway-process.ts";
import { familiesIn, type MetricFamily, scrape } from "../harness/metrics.ts";
import { operateDoc, rowsUnder } from "../harness/operate-doc.ts";
import { parseQuery } from "../harness/promql.ts";
import { promtool } from "../harness/promtool.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { alertCases, healthy } from "./alert-cases.ts";

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly expr: string }[];
}

const read = (name: string): string =>
  readFileSync(new URL(`../../k8s/monitoring/${name}`, import.meta.url), "utf8");

const { spec }: { spec: { groups: { rules: Rule[] }[] } } = parse(read("alerts.yaml"));
const rules = spec.groups.flatMap((group) => group.rules);
const dashboard: {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
} = JSON.parse(read("dashboard.json"));
/** With what Grafana fills in filled in. */
const dashboardQueries = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => ({ of: title, query: expr.replaceAll(/\$__(rate_interval|range)/g, "5m") })),
);

/** What Prometheus and Kubernetes add to every series. */
const targetLabels = ["job", "instance"];

let gateway: GatewayProcess;
let families: readonly MetricFamily[];
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "sluice-rules-"));
  gateway = await startGateway();
  // what is counted by kind of garbage collection is there once there was one
  await waitUntil(
    async () => (await scrape(gateway.url)).includes("nodejs_gc_duration_seconds_sum"),
    "a collection",
    20_000,
  );
  families = familiesIn(await scrape(gateway.url));
});
afterAll(() => gateway.kill());

/** What a query asks for that no gateway has: metrics, labels, and values of labels. */
function unknownIn(query: string): readonly string[] {
  const { selectors, groupings } = parseQuery(query);
  const known = new Set(targetLabels);
  const unknown = selectors.flatMap(({ metric, matchers }) => {
    const samples = families.map((family) => family.samples.get(metric)).find((found) => found !== undefined);
    if (samples === undefined) return [metric];
    for (const label of samples.flatMap((sample) => Object.keys(sample))) known.add(label);
    return matchers
      .filter(({ label }) => !targetLabels.includes(label))
      .filter(
        ({ label, value }) =>
          !samples.some((sample) => new RegExp(`^(?:${value})$`).test(sample[label] ?? "")),
      )
      .map(({ label, operator, value }) => `${metric}{${label}${operator}"${value}"}`);
  });
  return [...unknown, ...groupings.filter((label) => !known.has(label))];
}

test("/metrics passes promtool's rules for names, units and help", async () => {
  const input = await scrape(gateway.url);
  expect(promtool(["check", "metrics"], { input })).toEqual({ status: 0, output: "" });
  const bad = "# TYPE sluice_delay_milliseconds_total gauge\nsluice_delay_milliseconds_total 1\n";
  expect(promtool(["check", "metrics"], { input: bad })).toMatchObject({ status: 3 });
});

test("a query for what is not there is found out", () => {
  expect(unknownIn('sum by (tone) (rate(sluice_event_total{door="log"}[5m]))')).toEqual([
    "sluice_event_total",
    "tone",
  ]);
  expect(unknownIn('sluice_events_total{door=~"log|dor"} + sluice_events_total{door="dor"}')).toEqual([
    'sluice_events_total{door="dor"}',
  ]);
  expect(() => parseQuery("sum(sluice_streams")).toThrow("expected PromQL, got sum(sluice_streams");
});

describe("the dashboard", () => {
  test("asks for what gateways have, in PromQL", () => {
    expect(dashboardQueries.length).toBeGreaterThan(40);
    expect(
      dashboardQueries.flatMap(({ of, query }) => unknownIn(query).map((what) => `${of}: ${what}`)),
    ).toEqual([]);
  });

  test("passes promtool, as if its queries were rules", () => {
    const recorded = dashboardQueries.map(({ query }, index) => ({
      record: `panel:query:${index}`,
      expr: query,
    }));
    const file = join(directory, "dashboard.json");
    writeFileSync(file, JSON.stringify({ groups: [{ name: "dashboard", rules: recorded }] }));
    const { status, output } = promtool(["check", "rules", "--lint=none", file]);
    expect(output).toContain(`SUCCESS: ${recorded.length} rules found`);
    expect(status).toBe(0);
  });

  test("shows every metric that docs/operate.md does not say is left out, and none of those", () => {
    const shown = new Set(
      dashboardQueries.flatMap(({ query }) => parseQuery(query).selectors.map(({ metric }) => metric)),
    );
    const hidden = families.filter(({ samples }) => ![...samples.keys()].some((name) => shown.has(name)));
    expect(hidden.map(({ name }) => name).toSorted()).toEqual(
      rowsUnder("Of the process")
        .map(([name = ""]) => name)
        .toSorted(),
    );
  });

  test("has the six rows, and reads from the Prometheus that is chosen", () => {
    const rows = dashboard.panels.filter(({ type }) => type === "row").map(({ title }) => title);
    expect(rows).toEqual(["Health", "Streams", "Events", "Delay", "Redis", "Resources"]);
    expect(dashboard.templating.list).toContainEqual(
      expect.objectContaining({ name: "datasource", type: "datasource" }),
    );
    const sources = dashboard.panels
      .filter(({ type }) => type !== "row")
      .map(({ datasource }) => datasource?.uid);
    expect(new Set(sources)).toEqual(new Set(["${datasource}"]));
  });
});

describe("the alerts", () => {
  test.each(rules)("$alert asks for what gateways have, and says what to do", (rule) => {
    expect(unknownIn(rule.expr)).toEqual([]);
    const { alert, labels, annotations } = rule;
    expect(["warning", "critical"]).toContain(labels["severity"]);
    expect(annotations["summary"]).toMatch(/^[^\n]{10,}$/);
    expect(annotations["action"]).toMatch(/^[^\n]{10,}$/);
    expect(annotations["runbook"]).toBe(`docs/operate.md#${alert.toLowerCase()}`);
  });

  test("each have an entry in the runbook, and the runbook has no others", () => {
    const entries = Array.from(operateDoc.matchAll(/^### (Sluice.+)$/gm), ([, heading = ""]) => heading);
    expect(entries.toSorted()).toEqual(rules.map(({ alert }) => alert).toSorted());
  });

  test("are rules that promtool takes", () => {
    const file = join(directory, "rules.json");
    writeFileSync(file, JSON.stringify(spec));
    const { status, output } = promtool(["check", "rules", file]);
    expect(output).toContain(`SUCCESS: ${rules.length} rules found`);
    expect(status).toBe(0);
  });

  test("ring, each for its own trouble, and not while all is well", () => {
    // what they say in words is not what is looked at here
    const bare = { groups: [{ name: "bare", rules: rules.map(withoutAnnotations) }] };
    writeFileSync(join(directory, "bare.json"), JSON.stringify(bare));
    const tests = [{ rings: undefined, series: {} }, ...alertCases].map(({ rings, series }) => ({
      interval: "1m",
      input_series: Object.entries<string | undefined>({ ...healthy, ...series })
        .filter(([, values]) => values !== undefined)
        .map(([name, values]) => ({ series: name, values })),
      alert_rule_test: rules.map(({ alert, labels }) => ({
        eval_time: "30m",
        alertname: alert,
        exp_alerts: rings?.alert === alert ? [{ exp_labels: { ...labels, ...rings.labels } }] : [],
      })),
    }));
    expect([...new Set(alertCases.map(({ rings }) => rings.alert))].toSorted()).toEqual(
      rules.map(({ alert }) => alert).toSorted(),
    );
    writeFileSync(join(directory, "tests.json"), JSON.stringify({ rule_files: ["bare.json"], tests }));
    const { status, output } = promtool(["test", "rules", "tests.json"], { cwd: directory });
    expect(output).toContain("SUCCESS");
    expect(status).toBe(0);
  });
});

function withoutAnnotations({ annotations: _annotations, ...rule }: Rule): Omit<Rule, "annotations"> {
  return rule;
}

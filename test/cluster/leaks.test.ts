import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { postSubscriptions, publish } from "../harness/realtime-client.ts";
import { SseReader } from "../harness/sse-reader.ts";
import { signSuperuserToken, signToken } from "../harness/tokens.ts";
import {
  closedNames,
  collections,
  idOf,
  openNames,
  type Place,
  recordOf,
  secretsOf,
} from "./leak-records.ts";

/** Who listens, and what of an auth record's e-mail is theirs. */
const viewers = {
  guest: { token: async () => undefined },
  other: { token: () => signToken("other", { collectionId: "members" }) },
  owner: { token: () => signToken("owner", { collectionId: "members" }) },
  manager: { token: () => signToken("manager", { collectionId: "members" }) },
  superuser: { token: () => signSuperuserToken() },
} as const;

type Viewer = keyof typeof viewers;

const names: readonly Viewer[] = ["guest", "other", "owner", "manager", "superuser"];

/** Options by which somebody may try to see more. */
const options: readonly Readonly<Record<string, string>>[] = [
  {},
  { fields: "*" },
  { fields: [...closedNames, "password", "tokenKey", "email", "before", "expand"].join(",") },
  { fields: "expand.*,before.*,record.*,*.*" },
  { fields: "email:excerpt(500),password:excerpt(500),tokenKey:excerpt(500),*:excerpt(500)" },
  { expand: "open_relation,closed_relation,open_relations", fields: "*,expand.*" },
  { sort: "-password", fields: "" },
];

/** Filters that would tell what they may not read: they must let nothing through. */
const probes: readonly string[] = [
  ...closedNames.map((name) => `${name} != 'x' || ${name} = 'x'`),
  "password != 'x' || password = 'x'",
  "tokenKey != 'x'",
  "1 = 1 && closed_json.a != 'x'",
  "open_relation.closed_text != 'x'",
];

let cluster: Cluster;
let folder: string;
const streams = new Map<Viewer, SseReader>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-leaks-"));
  const file = join(folder, "collections.json");
  await writeFile(file, JSON.stringify(collections));
  const env = { COLLECTIONS_FILE: file, LOG_LEVEL: "trace" };
  cluster = await startCluster(inject("redisUrl"), { nodes: 2, env });
  for (const name of names) {
    const [first, second] = cluster.nodes;
    const stream = await SseReader.open(first?.url ?? "");
    const { status } = await postSubscriptions(
      second?.url ?? "",
      stream.clientId,
      [...subscriptions(), "end"],
      await viewers[name].token(),
    );
    if (status !== 204) throw new TypeError(`expected 204, got ${status}`);
    streams.set(name, stream);
  }
  await writeAll();
  for (const stream of streams.values())
    await stream.waitFor(({ event }) => event === "end", "the end", 20_000);
});
afterAll(async () => {
  for (const stream of streams.values()) stream.close();
  await cluster.close();
  await rm(folder, { recursive: true });
});

function subscriptions(): readonly string[] {
  const topics = [
    "vault/*",
    `vault/${idOf("vault", "owner")}`,
    "members/*",
    `members/${idOf("members", "owner")}`,
  ];
  const queries = [...options, ...probes.map((filter) => ({ filter, probe: "yes" }))];
  return topics.flatMap((topic) =>
    queries.map((query) => `${topic}?options=${encodeURIComponent(JSON.stringify({ query }))}`),
  );
}

/** Every action, through every door, of a record with and without visible e-mail, with the row before and an expand. */
async function writeAll(): Promise<void> {
  const token = await signSuperuserToken();
  for (const collection of ["vault", "members"] as const) {
    for (const id of ["owner", "shown"] as const) {
      for (const action of ["create", "update", "delete"] as const) {
        const record = {
          ...recordOf(collection, id, "record"),
          expand: { open_relation: recordOf("members", "owner", "expand") },
        };
        const event = { collection, action, record, before: recordOf(collection, id, "before") };
        await cluster.log(event);
        await cluster.channel(collection, event);
        const { status } = await publish(cluster.nodes[1]?.url ?? "", event, token);
        if (status !== 200) throw new TypeError(`expected 200, got ${status}`);
      }
    }
  }
  await writeBroken();
  await cluster.log({ topic: "end", data: 1 });
}

/** Events that are refused: what refuses them must not repeat them. */
async function writeBroken(): Promise<void> {
  const record = recordOf("members", "owner", "refused");
  const texts = [
    JSON.stringify({ action: "create", collection: "members", record }).slice(0, -3),
    JSON.stringify({ record, action: "create" }).replace('"record"', "record"),
    JSON.stringify({ action: record, collection: "members", record }),
    JSON.stringify({ action: "create", collection: "nobody", record }),
    JSON.stringify({ action: "create", record }),
    JSON.stringify({ action: "create", collection: record, record }),
    JSON.stringify({ action: "create", collection: "members", record: { ...record, id: record } }),
    JSON.stringify({ topic: record }),
    JSON.stringify({ topic: "news", clientId: record }),
  ];
  for (const text of texts) await cluster.redis.xadd(`${cluster.prefix}log`, "*", "event", text);
}

function dataOf(viewer: Viewer, accepts: (subscription: string) => boolean): string {
  return (streams.get(viewer)?.events() ?? [])
    .filter(({ event = "" }) => accepts(event))
    .map(({ data }) => data)
    .join("\n");
}

const all = (): boolean => true;

describe.each(names)("the %s's stream", (viewer) => {
  const isSuperuser = viewer === "superuser";

  test("has what everybody may see", () => {
    for (const collection of ["vault", "members"] as const) {
      const data = dataOf(viewer, (subscription) => subscription.startsWith(`${collection}/*?`));
      const secrets = secretsOf(collection, "owner", "record", openNames);
      expect(secrets.filter((secret) => !data.includes(secret))).toEqual([]);
    }
  });

  test(`has ${isSuperuser ? "all that is hidden" : "nothing that is hidden"}`, () => {
    const data = dataOf(viewer, all);
    for (const collection of ["vault", "members"] as const) {
      for (const secret of secretsOf(collection, "owner", "record", closedNames)) {
        expect({ secret, isSeen: data.includes(secret) }).toEqual({ secret, isSeen: isSuperuser });
      }
    }
    for (const name of closedNames) expect(data.includes(`"${name}":`)).toBe(isSuperuser);
  });

  test("has neither password nor token key", () => {
    const data = dataOf(viewer, all);
    for (const place of ["record", "before", "expand", "refused"] as const) {
      for (const collection of ["vault", "members"] as const) {
        for (const secret of secretsOf(collection, "owner", place, ["password", "tokenKey"])) {
          expect({ secret, isSeen: data.includes(secret) }).toEqual({ secret, isSeen: false });
        }
      }
    }
    expect(data.includes('"tokenKey":')).toBe(false);
  });

  test("has e-mail where it is shown, or theirs to see", () => {
    const data = dataOf(viewer, all);
    const [hidden = ""] = secretsOf("members", "owner", "record", ["email"]);
    const [shown = ""] = secretsOf("members", "shown", "record", ["email"]);
    expect(data.includes(hidden)).toBe(["owner", "manager", "superuser"].includes(viewer));
    expect(data.includes(shown)).toBe(true);
  });

  test("has nothing of the row before, of an expand that the writer sent, or of what was refused", () => {
    const data = dataOf(viewer, all);
    for (const place of ["before", "expand", "refused"] satisfies readonly Place[]) {
      expect({ place, isSeen: data.includes(`-${place}-`) }).toEqual({ place, isSeen: false });
    }
  });

  test("has nothing through filters that probe what is hidden", () => {
    const heard = streams
      .get(viewer)
      ?.events()
      .filter(({ event = "" }) => event.includes("%22probe%22"));
    expect(heard?.map(({ event }) => event)).toEqual([]);
  });
});

test("no log line of any node has anything of a record", () => {
  for (const node of cluster.nodes) {
    const output = node.output();
    expect(output).toContain("malformed events were skipped");
    for (const place of ["record", "before", "expand", "refused"] satisfies readonly Place[]) {
      expect(output).not.toContain(`-${place}-`);
    }
  }
  // the streams' node has refused filters, and has said so
  expect(cluster.nodes[0]?.output()).toContain('"reason":"filter-refused"');
});

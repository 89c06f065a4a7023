import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultKeyPrefix, openDeployment, parseRedisUrl } from "@sluice/backplane";
import { parseCollections } from "@sluice/protocol";
import { demoCollectionsFile } from "../harness/cluster.ts";
import { type GatewayEnvironment, startGateways } from "../harness/gateway-process.ts";
import { signSuperuserToken, signToken } from "../harness/tokens.ts";
import { accessCollections } from "./access-cases.ts";
import { expandCollections } from "./expand-cases.ts";
import { exportCollections } from "./export-cases.ts";
import { pickerCollections } from "./picking.ts";
import type { Target } from "./target.ts";

/** The ways in which a deployment can look to a client. */
export const layouts = [
  "embedded backplane",
  "one node",
  "two nodes, the POST on the other",
  "two workers on one port",
] as const;

export type Layout = (typeof layouts)[number];

/** A target of our own, and its end. */
export interface StartedTarget {
  readonly target: Target;
  readonly stop: () => Promise<void>;
}

const addressHeader = "x-test-ip";

/**
 * Starts gateways in one of the layouts.
 * @param redis the settings that say where Redis is
 */
export async function startTarget(layout: Layout, redis: GatewayEnvironment): Promise<StartedTarget> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-conformance-"));
  const file = join(folder, "collections.json");
  const collections = readCollections();
  writeFileSync(file, JSON.stringify(collections));
  if (layout !== "embedded backplane") await seedFollowed(redis);
  const nodes = await startGateways(layout === "two nodes, the POST on the other" ? 2 : 1, {
    ...(layout === "two workers on one port" ? { WORKERS: "2" } : {}),
    COLLECTIONS_FILE: file,
    CHECK_ADDRESS: "true",
    TRUSTED_PROXY_HEADER: addressHeader,
    ...(layout === "embedded backplane" ? {} : redis),
  });
  const target: Target = {
    name: layout,
    streamUrl: nodes[0]?.url ?? "",
    postUrl: nodes.at(-1)?.url ?? "",
    tokens: {
      userA: await signToken("userA"),
      userB: await signToken("userB"),
      superuser: await signSuperuserToken(),
    },
    publishes: true,
    addressHeader,
    sign: signToken,
    removeCollection: (name) =>
      writeFileSync(file, JSON.stringify(collections.filter((collection) => collection.name !== name))),
  };
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.kill()));
    rmSync(folder, { recursive: true });
  };
  return { target, stop };
}

async function* noRows(): AsyncGenerator<never> {}

/** Says in Redis that all rows of the followed collections are there: none so far. */
async function seedFollowed({ REDIS_URL, KEY_PREFIX }: GatewayEnvironment): Promise<void> {
  const url = parseRedisUrl(REDIS_URL ?? "");
  const deployment = await openDeployment(url, KEY_PREFIX || defaultKeyPrefix(url));
  const { collections } = parseCollections(expandCollections);
  for (const { name, id } of collections) await deployment.seed({ name, id }, noRows());
  deployment.close();
}

function text(name: string, hidden = false): unknown {
  return { name, type: "text", hidden };
}

/** The demo's collections, a second auth collection beside `users`, two whose rules have to be evaluated, and the cases' own. */
export function readCollections(): readonly { readonly name: string }[] {
  const demo: { name: string }[] = JSON.parse(readFileSync(demoCollectionsFile, "utf8"));
  const clients = {
    name: "clients",
    type: "auth",
    listRule: "",
    viewRule: "",
    manageRule: "name = @request.auth.id",
    fields: [text("id"), text("name"), { name: "email", type: "email" }],
  };
  const notes = {
    name: "notes",
    listRule: "(@request.auth.id != '' && owner = @request.auth.id) || public = true || secret = 'open'",
    viewRule: "@request.auth.id != ''",
    fields: [
      text("id"),
      text("text"),
      text("secret", true),
      { name: "public", type: "bool" },
      { name: "owner", type: "relation", collectionId: "users", maxSelect: 1 },
    ],
  };
  const keyed = {
    name: "keyed",
    listRule: "@request.query.name = name && @request.headers.x_api_key = 'k'",
    fields: [text("id"), text("name")],
  };
  return [
    ...demo,
    clients,
    notes,
    keyed,
    ...accessCollections,
    ...exportCollections,
    ...pickerCollections,
    ...expandCollections,
  ];
}

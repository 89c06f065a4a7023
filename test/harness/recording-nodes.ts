import { uniqueKeyPrefix } from "./key-prefix.ts";
import { openRecordingNode, type RecordingNode, type RecordingNodeOptions } from "./recording-node.ts";

/** The node that holds the clients, and the node that is asked; on one node they are the same. */
interface RecordingNodes {
  readonly owner: RecordingNode;
  readonly asked: RecordingNode;
}

type Limits = Omit<RecordingNodeOptions, "redisUrl" | "keyPrefix">;

type OpenNodes = (redisUrl: string, limits?: Limits) => Promise<RecordingNodes>;

async function openOne(redisUrl: string | undefined, limits: Limits | undefined): Promise<RecordingNodes> {
  const owner = await openRecordingNode({ redisUrl, keyPrefix: uniqueKeyPrefix(), ...limits });
  return { owner, asked: owner };
}

async function openTwo(redisUrl: string, limits: Limits | undefined): Promise<RecordingNodes> {
  const options = { redisUrl, keyPrefix: uniqueKeyPrefix(), ...limits };
  return { owner: await openRecordingNode(options), asked: await openRecordingNode(options) };
}

/** Every way in which nodes are joined, under the name that tests give it. */
export const implementations: readonly (readonly [name: string, open: OpenNodes])[] = [
  ["embedded", (_redisUrl, limits) => openOne(undefined, limits)],
  ["Redis, one node", openOne],
  ["Redis, two nodes", openTwo],
];

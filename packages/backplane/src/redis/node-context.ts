import type { Redis } from "ioredis";
import type { NodeHandlers } from "../node-handlers.ts";
import type { Keys } from "./keys.ts";

/** What the parts of a node's backplane work with. */
export interface NodeContext {
  /** The connection for commands. */
  readonly redis: Redis;
  readonly keys: Keys;
  readonly nodeId: string;
  readonly handlers: NodeHandlers;
  /** How long a client can be adopted; 0 where nobody ever is. */
  readonly orphanMs: number;
}

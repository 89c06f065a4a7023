import type { Backplane } from "@sluice/backplane";
import type { Hub } from "@sluice/hub";
import type { CollectionSet } from "@sluice/protocol";
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import type { RequestIdVariables } from "hono/request-id";
import type { Logger } from "pino";
import type { Admission } from "./admission.ts";
import type { Authenticator } from "./authenticator.ts";
import type { ConsolePages } from "./console/console-pages.ts";
import type { Metrics } from "./metrics.ts";
import type { RecentEvents } from "./recent-events.ts";
import type { BodyReader } from "./request-body.ts";
import type { RequestLimits } from "./request-limits.ts";
import type { Settings } from "./settings.ts";
import type { Siblings } from "./siblings.ts";
import type { StreamContext } from "./stream.ts";
import type { StreamKeeper } from "./stream-keeper.ts";

/** The parts of one gateway that routes work with. */
export interface GatewayContext {
  readonly settings: Settings;
  readonly backplane: Backplane;
  readonly hub: Hub;
  /** The collections as they are now. */
  readonly collections: () => CollectionSet;
  /** Nothing where there is no console. */
  readonly consolePages: ConsolePages | undefined;
  readonly admission: Admission;
  readonly streams: StreamKeeper;
  readonly recent: RecentEvents;
  readonly streamContext: StreamContext;
  readonly authenticator: Authenticator;
  readonly limits: RequestLimits;
  /** Reads bodies that anybody may send. */
  readonly bodies: BodyReader;
  /** Reads the bodies of superusers. */
  readonly publishedBodies: BodyReader;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Whether the gateway is leaving: it takes no new streams. */
  readonly draining: () => boolean;
  /** The other gateways on this one's port, if there are any. */
  readonly siblings: Siblings | undefined;
}

/** What hono's contexts carry here: Node's own request and response, and the request's id. */
export interface GatewayEnv {
  readonly Bindings: HttpBindings;
  readonly Variables: RequestIdVariables;
}

/** A hono request with Node's own request and response behind it. */
export type NodeContext = Context<GatewayEnv>;

import { measureAbuse } from "./abuse.ts";
import { measureConsole } from "./console.ts";
import { measureFanOut } from "./fan-out.ts";
import type { Figure } from "./figure.ts";
import { measureFollowed } from "./followed.ts";
import { measureHub } from "./hub-figures.ts";
import { measureIdleMemory } from "./idle-memory.ts";
import { measureResumes } from "./resume-storm.ts";
import { type Server, withGateway } from "./server.ts";
import { measureSlowReaders } from "./slow-readers.ts";
import { measureStorm } from "./storm.ts";

/** One part of the bench. */
export interface Part {
  readonly name: string;
  /** Measures gateways of this checkout, which it starts. */
  readonly own: () => Promise<readonly Figure[]>;
  /** Measures a server that is already there, or says why it cannot. */
  readonly foreign: (server: Server) => Promise<readonly Figure[]> | string;
}

/** All parts, in the order in which they run: memory first, which a server that has served others has to spare. */
export const parts: readonly Part[] = [
  {
    name: "memory",
    own: () => withGateway({ NODE_OPTIONS: "--inspect-port=0" }, measureIdleMemory),
    foreign: ({ pid, ...server }) =>
      pid === undefined
        ? "needs --pid, the server's process on this machine"
        : measureIdleMemory({ ...server, pid }),
  },
  {
    name: "fan-out",
    own: () => withGateway({ HEARTBEAT_SECONDS: "0" }, measureFanOut),
    foreign: (server) =>
      server.publish === undefined
        ? "needs --publish-url, a publish door whose messages reach the server"
        : measureFanOut(server),
  },
  {
    name: "slow-readers",
    own: measureSlowReaders,
    foreign: () => "needs a gateway with settings of its own",
  },
  {
    name: "storm",
    own: () => withGateway({ HEARTBEAT_SECONDS: "1" }, (server) => measureStorm(server, { beats: true })),
    foreign: (server) => measureStorm(server, { beats: false }),
  },
  {
    name: "resumes",
    own: measureResumes,
    foreign: () => "needs a Redis of its own, and a gateway over it",
  },
  {
    name: "abuse",
    own: measureAbuse,
    foreign: () => "needs a gateway with settings of its own",
  },
  {
    name: "followed",
    own: measureFollowed,
    foreign: () => "needs a Redis of its own, and a gateway over it",
  },
  {
    name: "console",
    own: measureConsole,
    foreign: () => "needs a Redis of its own, and a gateway over it",
  },
  { name: "hub", own: measureHub, foreign: () => "measures this checkout alone" },
];

import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { constants, setPriority } from "node:os";
import type { AbusePlan, AbuseTally } from "./abuse-plan.ts";

// A process of its own, which `start-abuser.ts` starts: it does to a gateway what nobody should, and tells what it was answered.

/** How many connections the POSTs are sent on. */
const floodConnections = 50;
const postsTickMs = 2;
const chunkTickMs = 20;
const megabyte = 1_048_576;

/** Each kind of abuse has an address of its own. */
const addresses = { posts: "127.0.1.1", slow: "127.0.1.2", heads: "127.0.1.3", bodies: "127.0.1.4" } as const;
type Kind = keyof typeof addresses;

const answers: Record<Kind, Map<number, number>> = {
  posts: new Map(),
  slow: new Map(),
  heads: new Map(),
  bodies: new Map(),
};
const sockets = new Set<Socket>();
let posts = 0;
const startMs = performance.now();

/** Opens a connection whose answers are counted. */
function open({ host, port }: AbusePlan, kind: Kind): Socket {
  const socket = connect({ host, port, localAddress: addresses[kind] });
  sockets.add(socket);
  socket.on("data", (bytes: Buffer) => {
    for (const [, status] of bytes.toString("latin1").matchAll(/HTTP\/1\.1 (\d{3})/g)) {
      answers[kind].set(Number(status), (answers[kind].get(Number(status)) ?? 0) + 1);
    }
  });
  socket.on("error", () => undefined);
  socket.on("close", () => sockets.delete(socket));
  return socket;
}

/** Opens a connection again and again, as it is closed. */
function keepOpen(plan: AbusePlan, kind: Kind, begin: (socket: Socket) => void): void {
  const socket = open(plan, kind);
  begin(socket);
  socket.on("close", () => keepOpen(plan, kind, begin));
}

function postText({ host }: AbusePlan): string {
  const body = JSON.stringify({ clientId: randomBytes(20).toString("hex"), subscriptions: ["posts/*"] });
  const head = `POST /api/realtime HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n`;
  return `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
}

function secondsSinceStart(): number {
  return (performance.now() - startMs) / 1_000;
}

/** POSTs with client ids that nobody has, at a steady rate, whatever comes back. */
function flood(plan: AbusePlan): void {
  const flooders = Array.from({ length: floodConnections }, () => open(plan, "posts"));
  setInterval(() => {
    const due = Math.min(secondsSinceStart() * plan.postsPerSecond, posts + mostAtOnce(plan));
    for (; posts < due; posts++) flooders[posts % floodConnections]?.write(postText(plan));
  }, postsTickMs);
}

/** Of low priority, this process falls behind now and then: it makes up for that, but not all at once. */
function mostAtOnce({ postsPerSecond }: AbusePlan): number {
  return (postsPerSecond / 1_000) * postsTickMs * 2;
}

/** Connections that send a line of their head each second, and never its end. */
function dawdle(plan: AbusePlan): void {
  for (let count = 0; count < plan.slowHeads; count++) {
    keepOpen(plan, "slow", (socket) => {
      socket.write(`GET /api/realtime HTTP/1.1\r\nHost: ${plan.host}\r\n`);
      const dripping = setInterval(() => socket.write("X-More: 1\r\n"), 1_000);
      socket.on("close", () => clearInterval(dripping));
    });
  }
}

/** Heads of a megabyte, ten a second. */
function boast(plan: AbusePlan): void {
  const head = `GET /api/realtime HTTP/1.1\r\nHost: ${plan.host}\r\nX: ${"x".repeat(megabyte)}\r\n\r\n`;
  setInterval(() => open(plan, "heads").write(head), 100);
}

/** Bodies without end, four at a time, of 3 MB a second each. */
function blather(plan: AbusePlan): void {
  const head = `POST /api/realtime HTTP/1.1\r\nHost: ${plan.host}\r\nContent-Type: application/json\r\n`;
  const chunk = `10000\r\n${" ".repeat(65_536)}\r\n`;
  for (let count = 0; count < 4; count++) {
    keepOpen(plan, "bodies", (socket) => {
      socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n`);
      const pouring = setInterval(() => socket.writableLength < megabyte && socket.write(chunk), chunkTickMs);
      socket.on("close", () => clearInterval(pouring));
    });
  }
}

function tallyOf(): AbuseTally {
  const entries = Object.entries(answers).map(([kind, byStatus]) => [kind, Object.fromEntries(byStatus)]);
  return { posts, seconds: secondsSinceStart(), answers: Object.fromEntries(entries), open: sockets.size };
}

process.on("message", (message: AbusePlan | "tell") => {
  if (message === "tell") return void process.send?.(tallyOf());
  setPriority(constants.priority.PRIORITY_LOW);
  for (const abuse of [dawdle, boast, blather, flood]) abuse(message);
});

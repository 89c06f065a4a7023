import { setTimeout as delay } from "node:timers/promises";
import { identityKey } from "@sluice/protocol";
import type {
  LastFrame,
  LastFrameOutcome,
  NodeAnswers,
  SubscribeOutcome,
  SubscriptionChange,
} from "../backplane.ts";
import { likenessOf } from "../likeness.ts";
import type { AppliedChange, NodeHandlers } from "../node-handlers.ts";
import type { Holds } from "./holds.ts";
import type { NodeContext } from "./node-context.ts";
import type { NodeMessage } from "./node-message.ts";
import { PendingAnswers } from "./pending-answers.ts";
import { Script } from "./script.ts";

/** An owner that listens may be busy; after this it is asked again, and after `busyOwnerMs` given up. */
const answerMs = 1_000;
const busyOwnerMs = 6_000;

/** An owner that does not listen is either dead or about to be back. */
const absentOwnerMs = 1_500;
const absentRetryMs = 100;

const subscribeScript = new Script<SubscribeReply>("orphans.lua", "identity-streams.lua", "subscribe.lua");
const sendLastScript = new Script<Exclude<LastFrameOutcome, "sent"> | "stored">("send-last.lua");

type SubscribeReply = readonly [
  outcome: "unknown-client" | "wrong-address" | "wrong-identity" | "too-many-streams" | "sent",
  listeners: number,
];

/** What calls to owners are made with. */
export interface OwnerCallsContext extends NodeContext {
  readonly holds: Holds;
  /** 0 is no limit. */
  readonly maxStreamsPerIdentity: number;
}

/** What this node asks the owners of clients to do, and what it does and answers as an owner itself. */
export class OwnerCalls {
  readonly #context: OwnerCallsContext;
  readonly #answers = new PendingAnswers();

  constructor(context: OwnerCallsContext) {
    this.#context = context;
  }

  /** See `Backplane.subscribe`. */
  async subscribe(change: SubscriptionChange): Promise<SubscribeOutcome> {
    const { clientId, ticket, address, identity, subscriptions } = change;
    const { redis, keys, nodeId, orphanMs, maxStreamsPerIdentity } = this.#context;
    const question = this.#answers.open();
    const reply = { node: nodeId, request: question.request };
    const message = messageText({
      type: "apply",
      reply,
      change: { clientId, version: ticket, identity, subscriptions },
    });
    const texts = [
      address,
      identityKey(identity),
      JSON.stringify(subscriptions),
      message,
      keys.all,
      clientId,
      likenessOf(identity, subscriptions),
      orphanMs,
      identity.kind === "record" ? maxStreamsPerIdentity : 0,
    ];
    const send = (): Promise<SubscribeReply> =>
      subscribeScript.run(redis, [keys.client(clientId)], [ticket, ...texts]);
    try {
      return await untilAnswered(send, question.answer);
    } finally {
      question.close();
    }
  }

  /** See `Backplane.sendLast`. */
  async sendLast(frame: LastFrame): Promise<LastFrameOutcome> {
    const { clientId, address, subscription } = frame;
    const { redis, keys, nodeId } = this.#context;
    const question = this.#answers.open();
    const reply = { node: nodeId, request: question.request };
    const args = [address, subscription, messageText({ type: "send-last", reply, frame }), keys.node("")];
    try {
      const outcome = await sendLastScript.run(redis, [keys.client(clientId)], args);
      if (outcome !== "stored") return outcome;
      const answer = await within(question.answer, busyOwnerMs);
      return answer === "sent" || answer === "unknown-client" ? answer : "no-answer";
    } finally {
      question.close();
    }
  }

  /** See `Backplane.ask`. */
  async ask(question: string, isEnough: (answer: string) => boolean = () => false): Promise<NodeAnswers> {
    const { redis, keys, nodeId } = this.#context;
    const answers: string[] = [];
    const { promise: isDone, resolve: end } = Promise.withResolvers<void>();
    let nodes = Number.POSITIVE_INFINITY;
    const { request, close } = this.#answers.openToAll((answer) => {
      answers.push(answer);
      if (answers.length >= nodes || isEnough(answer)) end();
    });
    try {
      const message = messageText({ type: "ask", reply: { node: nodeId, request }, question });
      nodes = await redis.publish(keys.nodes, message);
      if (answers.length >= nodes) end();
      await within(isDone, answerMs);
      return { nodes, answers };
    } finally {
      close();
    }
  }

  /** Takes a message from this node's control channel, or that of all, and answers it. */
  async receive(message: NodeMessage): Promise<void> {
    if (message.type === "answer") return this.#answers.settle(message.request, message.outcome);
    const { redis, keys } = this.#context;
    const outcome = this.#outcomeOf(message);
    const { node, request } = message.reply;
    const answer = messageText({ type: "answer", request, outcome });
    // the asking node asks again if this is lost
    await redis.publish(keys.node(node), answer).catch(() => undefined);
  }

  #outcomeOf(message: Exclude<NodeMessage, { type: "answer" }>): string {
    const { handlers, holds } = this.#context;
    switch (message.type) {
      case "apply":
        return this.#apply(message.change);
      case "send-last":
        holds.noteChange(message.frame.clientId);
        return handlers.sendLast(message.frame);
      case "ask":
        return handlers.answer(message.question);
    }
  }

  #apply(change: AppliedChange): ReturnType<NodeHandlers["apply"]> {
    const { handlers, holds } = this.#context;
    const isFirst = handlers.describe(change.clientId)?.version === 0;
    const outcome = handlers.apply(change);
    // what this node was writing of the client meanwhile says what it was before
    if (!isFirst || change.adopted !== undefined) holds.noteChange(change.clientId);
    return outcome;
  }
}

function messageText(message: NodeMessage): string {
  return JSON.stringify(message);
}

/** Sends until the owner answers, is known to be dead, or has been waited for long enough. */
async function untilAnswered(
  send: () => Promise<SubscribeReply>,
  answer: Promise<string>,
): Promise<SubscribeOutcome> {
  const startMs = performance.now();
  for (;;) {
    const [outcome, listeners] = await send();
    if (outcome !== "sent") return outcome;
    const answered = await within(answer, listeners > 0 ? answerMs : absentRetryMs);
    if (answered !== undefined) return answered === "applied" ? "live" : "unknown-client";
    const waitedMs = performance.now() - startMs;
    if (waitedMs > (listeners > 0 ? busyOwnerMs : absentOwnerMs)) return "no-answer";
  }
}

/** A promise's value, or nothing after a while. */
async function within<T>(promise: Promise<T>, limitMs: number): Promise<T | undefined> {
  const timeout = new AbortController();
  const late = delay(limitMs, undefined, { signal: timeout.signal }).catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    timeout.abort();
  }
}

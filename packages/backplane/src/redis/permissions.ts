import type { Redis } from "ioredis";

/** Every command of a node and of its scripts; `rt:` stands for the key prefix. */
const commands = `client setname sluice
del rt:node
eval return 0
evalsha 0000000000000000000000000000000000000000 0
exists rt:log
get rt:ticket
hdel rt:client id
hget rt:client id
hgetall rt:collections
hincrby rt:counts name 1
hkeys rt:orphans
hlen rt:records:posts
hmget rt:client id
hscan rt:records:posts 0
hset rt:client id value
info
persist rt:seeding:posts:token
pexpire rt:client 1000
publish rt:message text
pubsub numsub rt:node
rename rt:seeding:posts:token rt:records:posts
sadd rt:nodes id
scard rt:streams
set rt:ticket 1
smembers rt:nodes
srem rt:nodes id
time
unlink rt:records:posts
xadd rt:log * event text
xrange rt:log - +
xread streams rt:log 0
xrevrange rt:log + -
xtrim rt:log maxlen 1`;

/** Their second word is part of what is allowed. */
const containers = new Set(["client", "pubsub"]);

/** Where commands are tried. */
export interface Trial {
  /** Is left in a transaction that is never run. */
  readonly redis: Redis;
  /** A connection to listen with. */
  readonly listener: Redis;
  readonly keyPrefix: string;
}

/** What a node cannot do. */
export interface Refusals {
  /** What the user lacks, as `ACL SETUSER` takes it: `+xadd`, `~rt:*`, `&rt:*`. */
  readonly missing: ReadonlySet<string>;
  /** What Redis says to other commands that it does not take. */
  readonly faults: ReadonlySet<string>;
}

/**
 * Tries all that a node does, without doing it: Redis looks at permissions when a command joins a transaction, and the
 * transaction ends with its connection.
 */
export async function tryCommands({ redis, listener, keyPrefix }: Trial): Promise<Refusals> {
  const [missing, faults] = [new Set<string>(), new Set<string>()];
  /** @param channels what allows the channels of the command */
  const attempt = async (line: string, on = redis, channels = `&${keyPrefix}*`): Promise<boolean> => {
    const [name = "", ...args] = line.replaceAll(/\brt:/g, keyPrefix).split(" ");
    try {
      await on.call(name, ...args);
      return true;
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      if (text.startsWith("ERR EXEC without MULTI")) return false;
      if (!/\bNOPERM\b/.test(text)) faults.add(text);
      else if (/to access .*\bkeys?\b/.test(text)) missing.add(`~${keyPrefix}*`);
      else if (/to access .*\bchannels?\b/.test(text)) missing.add(channels);
      else missing.add(`+${containers.has(name) ? `${name}|${args[0]}` : name}`);
      return false;
    }
  };
  await attempt("subscribe rt:message", listener);
  await attempt("unsubscribe rt:message", listener);
  await attempt("psubscribe rt:record:*", listener, `&${keyPrefix}record:*`);
  await attempt("exec");
  // without a transaction they would be done
  if (await attempt("multi")) await Promise.all(commands.split("\n").map((line) => attempt(line)));
  return { missing, faults };
}

import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";

const document = readFileSync(new URL("../../docs/redis.md", import.meta.url), "utf8");

/** The rules of a user as `docs/redis.md` writes them, without its password. */
export function documentedRules(user: "nodes" | "writers"): readonly string[] {
  const line = new RegExp(`^ACL SETUSER ${user} on >password (~.*)$`, "m").exec(document);
  if (line?.[1] === undefined)
    throw new TypeError(`expected docs/redis.md to have an ACL SETUSER line for ${user}`);
  return line[1].split(" ");
}

/** Makes a user that has these rules and no others. */
export async function putUser(redis: Redis, name: string, rules: readonly string[]): Promise<void> {
  await redis.call("ACL", "SETUSER", name, "reset", "on", ">password", ...rules);
}

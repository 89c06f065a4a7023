import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import type { Redis } from "ioredis";

/**
 * One atomic step in Redis: a Lua file beside this one, behind others that it calls functions of, or a text.
 * @typeParam Reply what the last one's header says that it returns
 */
export class Script<Reply> {
  readonly #text: string;
  readonly #sha: string;

  constructor(...parts: readonly (string | { readonly text: string })[]) {
    const texts = parts.map((part) => (typeof part === "string" ? readLua(part) : part.text));
    this.#text = texts.join("\n");
    this.#sha = createHash("sha1").update(this.#text).digest("hex");
  }

  /** Runs it, by its hash where Redis knows it. */
  async run(redis: Redis, keys: readonly string[], args: readonly (string | number)[]): Promise<Reply> {
    // what a script returns stands in its header, and nowhere that a program could look
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return (await this.#evaluate(redis, keys, args)) as Reply;
  }

  async #evaluate(
    redis: Redis,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    try {
      return await redis.evalsha(this.#sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
      return redis.eval(this.#text, keys.length, ...keys, ...args);
    }
  }
}

function readLua(file: string): string {
  return readFileSync(new URL(file, import.meta.url), "utf8");
}

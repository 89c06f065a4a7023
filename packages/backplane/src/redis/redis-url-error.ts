/** Thrown where a text says no place of a Redis. */
export class RedisUrlError extends Error {
  readonly code = "bad_redis_url";
  /** What was expected; nothing of what came, which may hold a password. */
  readonly expected: string;

  constructor(expected: string, options?: ErrorOptions) {
    super(`expected ${expected}`, options);
    this.name = "RedisUrlError";
    this.expected = expected;
  }
}

import type { TestProject } from "vitest/node";
import { openTestRedis } from "./test-redis.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** A real Redis for this run; each test takes a key prefix of its own. */
    redisUrl: string;
    /** Said by a project whose Redis is to be a container of this image. */
    redisImage: string | undefined;
  }
}

/** Starts or finds the Redis of a test run, once for all its files. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const redis = await openTestRedis(project.getProvidedContext().redisImage);
  project.provide("redisUrl", redis.url);
  return redis.close;
}

import { randomBytes } from "node:crypto";

/** A key prefix that no other test uses, so that tests share a Redis without seeing each other. */
export function uniqueKeyPrefix(): string {
  return `test:${randomBytes(6).toString("hex")}:`;
}

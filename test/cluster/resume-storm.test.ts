import { expect, test } from "vitest";
import { resumeAtOnce } from "../bench/resume-storm.ts";

test.each([
  ["a node that was there", true],
  ["a node that is new", false],
])(
  "P5: 2,000 clients resume a gap of 10 s at once on %s, and Redis is hardly asked",
  async (_node, wasThere) => {
    const { complete, logReads } = await resumeAtOnce({ clients: 2_000, events: 2_000, wasThere });
    expect(complete).toBe(2_000);
    expect(logReads).toBeLessThanOrEqual(10);
  },
);

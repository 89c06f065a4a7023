import * as fc from "fast-check";
import { expect, test } from "vitest";
import { TextMap } from "./text-map.ts";

const someKey = fc.oneof(
  fc.constantFrom("", "0", "7", "07", "-1", "4294967296", "__proto__", "constructor", "toString", "k"),
  fc.string(),
);

test("a text finds what was set last under it, whatever it looks like", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(someKey, fc.option(fc.nat()))), fc.array(someKey), (steps, others) => {
      const known = new Map<string, number>();
      const map = new TextMap<number>();
      for (const [key, value] of steps) {
        if (value === null) {
          known.delete(key);
          map.delete(key);
        } else {
          known.set(key, value);
          map.set(key, value);
        }
      }
      for (const key of [...others, ...steps.map(([step]) => step)])
        expect(map.get(key)).toBe(known.get(key));
    }),
  );
});

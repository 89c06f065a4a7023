import { expect, test } from "vitest";
import { originHeaders } from "./cors.ts";

function allowed(origins: readonly string[], origin: string | undefined): string | undefined {
  return new Map(originHeaders(origins, origin)).get("Access-Control-Allow-Origin");
}

test.each([
  [["*"], "https://a.example", "*"],
  [["*"], undefined, undefined],
  [["*"], "", undefined],
  [["https://a.example"], "https://a.example", "https://a.example"],
  [["https://a.example"], "https://b.example", undefined],
  [["https://a.example"], "https://a.example.evil.example", undefined],
  [["https://*.a.example"], "https://x.y.a.example", "https://x.y.a.example"],
  [["https://*.a.example"], "https://xa.example", undefined],
  [["https://*.a.example"], "https://x.axexample", undefined],
  [["https://a.example", "http://b.example"], "http://b.example", "http://b.example"],
])("origins %j answer %s with %s", (origins, origin, expected) => {
  expect(allowed(origins, origin)).toBe(expected);
});

test("every answer varies by origin and carries the security headers", () => {
  expect(originHeaders(["*"], undefined)).toEqual([
    ["X-XSS-Protection", "1; mode=block"],
    ["X-Content-Type-Options", "nosniff"],
    ["X-Frame-Options", "SAMEORIGIN"],
    ["Vary", "Origin"],
  ]);
});

/**
 * A short text by which two token keys of a record are told apart, and which does not give them away.
 * @returns the FNV-1a hash in 16 hexadecimal digits; empty for what is no token key
 */
export function keyMark(tokenKey: unknown): string {
  if (typeof tokenKey !== "string" || tokenKey === "") return "";
  let hash = 0xcbf2_9ce4_8422_2325n;
  for (let at = 0; at < tokenKey.length; at++) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(tokenKey.charCodeAt(at))) * 0x100_0000_01b3n);
  }
  return hash.toString(16).padStart(16, "0");
}

import type { IncomingMessage } from "node:http";
import { isIP, SocketAddress } from "node:net";

/**
 * The address that a request came from: the rightmost valid one in the trusted proxy's header, else the TCP peer's.
 * @param trustedHeader in lower case
 * @returns one spelling for each address, IPv4 inside IPv6 as IPv4
 * @see PocketBase core/event_request.go RealIP
 */
export function clientAddress(request: IncomingMessage, trustedHeader: string | undefined): string {
  const header = trustedHeader === undefined ? undefined : request.headersDistinct[trustedHeader]?.at(-1);
  const forwarded = header?.split(",").map((part) => part.trim()) ?? [];
  return normalize(forwarded.findLast((part) => isIP(part) !== 0) ?? request.socket.remoteAddress ?? "");
}

function normalize(address: string): string {
  const inner = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
  return isIP(inner) === 6 ? new SocketAddress({ address: inner, family: "ipv6" }).address : inner;
}

/** Who counts as one: an IPv4 address, or the IPv6 network of 64 bits that a provider gives to one customer. */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = [], tail = []] = address
    .split("::")
    .map((part) => part.split(":").filter((group) => group !== ""));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => "0");
  return [...head, ...zeros, ...tail].slice(0, 4).join(":");
}

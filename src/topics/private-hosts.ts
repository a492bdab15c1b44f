import { type IpAddress, type IpRange, isInRange } from "../base/ip-address.ts";
import { parseAddress } from "./filter-policy.ts";

/** Address blocks that are not of the public Internet: IANA's special-purpose registries (RFC 6890). */
const BLOCKS = [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"],
  ...["192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"],
  ...["224.0.0.0/4", "240.0.0.0/4"],
  ...["::/96", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10"],
  ...["fec0::/10", "ff00::/8"],
].map(block);

/** IPv6 blocks whose addresses hold an IPv4 address, and at which of their words. */
const CARRIERS = [
  { range: block("::ffff:0:0/96"), at: 6 },
  { range: block("::ffff:0:0:0/96"), at: 6 },
  { range: block("64:ff9b::/96"), at: 6 },
  { range: block("64:ff9b:1::/48"), at: 6 },
  { range: block("2002::/16"), at: 1 },
] as const;

/** Names that mean this machine or its network wherever they are resolved. */
const NAMES = /^(localhost|.*\.localhost|.*\.local|.*\.internal|.*\.localdomain|.*\.home\.arpa|[^.]+)$/;

/**
 * Whether a host of a URL, as the URL parser writes it, says by itself that it is private: an address in any notation, or a name that is
 * local everywhere. What other names resolve to is for whoever connects.
 */
export function isPrivateHost(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/\.$/, "");
  const address = parseAddress(host.replace(/^\[|\]$/g, ""));
  return address === null ? NAMES.test(host) : isPrivateAddress(address);
}

function isPrivateAddress(address: IpAddress): boolean {
  const carrier = CARRIERS.find(({ range }) => isInRange(address, range));
  if (carrier !== undefined) return isPrivateAddress(address.slice(carrier.at, carrier.at + 2));
  return BLOCKS.some((range) => isInRange(address, range));
}

function block(text: string): IpRange {
  const [address = "", bits = ""] = text.split("/");
  const parsed = parseAddress(address);
  if (parsed === null) throw new Error(`${text} is no block of addresses`);
  return { address: parsed, prefixBits: Number(bits) };
}

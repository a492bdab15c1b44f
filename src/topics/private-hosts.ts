import { parseAddress } from "./filter-policy.ts";

/** Address blocks that are not of the public Internet: IANA's special-purpose registries (RFC 6890). */
const BLOCKS = [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"],
  ...["192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"],
  ...["224.0.0.0/4", "240.0.0.0/4"],
  ...["::/96", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10"],
  ...["fec0::/10", "ff00::/8"],
].map(block);

/** IPv6 blocks whose addresses hold an IPv4 address, and how many bits stand behind it. */
const CARRIERS = [
  { ...block("::ffff:0:0/96"), behind: 0n },
  { ...block("::ffff:0:0:0/96"), behind: 0n },
  { ...block("64:ff9b::/96"), behind: 0n },
  { ...block("64:ff9b:1::/48"), behind: 0n },
  { ...block("2002::/16"), behind: 80n },
] as const;

interface Block {
  readonly base: bigint;
  readonly length: 32 | 128;
  readonly shift: bigint;
}

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

function isPrivateAddress({ number, length }: { number: bigint; length: 32 | 128 }): boolean {
  const carrier = CARRIERS.find((one) => isIn(one, number, length));
  if (carrier !== undefined) return isPrivateAddress({ number: (number >> carrier.behind) & 0xffff_ffffn, length: 32 });
  return BLOCKS.some((one) => isIn(one, number, length));
}

function isIn({ base, length, shift }: Block, number: bigint, size: 32 | 128): boolean {
  return length === size && number >> shift === base;
}

function block(text: string): Block {
  const [address = "", bits = ""] = text.split("/");
  const parsed = parseAddress(address);
  if (parsed === null) throw new Error(`${text} is no block of addresses`);
  const shift = BigInt(parsed.length - Number(bits));
  return { base: parsed.number >> shift, length: parsed.length, shift };
}

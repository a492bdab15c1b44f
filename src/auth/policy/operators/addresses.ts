import { type Comparison, fixedValue } from "./operator.ts";

/** An IP address: two or eight 16-bit words. IPv4 addresses within IPv6 (`::ffff:192.0.2.1`) are IPv4 addresses. */
type Address = readonly number[];

/** Addresses whose first `prefixBits` bits are those of `address`. */
export interface AddressRange {
  readonly address: Address;
  readonly prefixBits: number;
}

const bitsPerWord = 16;
const mappedPrefixBits = 96;

/** Parses an IPv4 or IPv6 address in its usual text forms, without zone. */
function parseAddress(text: string): Address | null {
  if (text.length > 45) return null;
  const address = text.includes(":") ? parseIpv6(text) : parseIpv4(text);
  if (address === null || address.length === 2 || !isMapped(address)) return address;
  return address.slice(6);
}

/** Parses CIDR notation; an address alone is a range of one. Bits behind the prefix are ignored. */
export function parseRange(text: string): AddressRange | null {
  const slash = text.indexOf("/");
  const addressText = slash < 0 ? text : text.slice(0, slash);
  const address = parseAddress(addressText);
  if (address === null) return null;
  const bits = address.length * bitsPerWord;
  if (slash < 0) return { address, prefixBits: bits };
  const prefix = text.slice(slash + 1);
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(prefix)) return null;
  const mappedBits = address.length === 2 && addressText.includes(":") ? mappedPrefixBits : 0;
  const prefixBits = Number(prefix) - mappedBits;
  return prefixBits < 0 || prefixBits > bits ? null : { address, prefixBits };
}

function isInRange(address: Address, range: AddressRange): boolean {
  if (address.length !== range.address.length) return false;
  for (let word = 0, bits = range.prefixBits; bits > 0; word++, bits -= bitsPerWord) {
    const shift = Math.max(0, bitsPerWord - bits);
    if ((address[word] as number) >> shift !== (range.address[word] as number) >> shift) return false;
  }
  return true;
}

export const ipAddress: Comparison = {
  compile(text) {
    const range = parseRange(text);
    if (range === null) return null;
    return fixedValue((value) => {
      const address = parseAddress(value);
      return address !== null && isInRange(address, range);
    });
  },
};

function parseIpv4(text: string): Address | null {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part))) return null;
  const [a, b, c, d] = parts.map(Number) as [number, number, number, number];
  return Math.max(a, b, c, d) > 255 ? null : [a * 256 + b, c * 256 + d];
}

function parseIpv6(text: string): Address | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const head = parseWords(halves[0] as string, halves.length === 1);
  const tail = halves.length === 2 ? parseWords(halves[1] as string, true) : [];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  return [...head, ...Array<number>(missing).fill(0), ...tail];
}

/** `last`: these words end the address, so they may end in an IPv4 address. */
function parseWords(text: string, last: boolean): number[] | null {
  if (text === "") return [];
  const words: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (last && index === parts.length - 1 && part.includes(".")) {
      const ipv4 = parseIpv4(part);
      if (ipv4 === null) return null;
      words.push(...ipv4);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) words.push(Number.parseInt(part, 16));
    else return null;
  }
  return words;
}

function isMapped(address: Address): boolean {
  return address[5] === 0xffff && address.slice(0, 5).every((word) => word === 0);
}

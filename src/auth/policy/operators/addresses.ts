import { bitsOf, type IpAddress, type IpRange, isInRange, parseIpAddress } from "../../../base/ip-address.ts";
import { type Comparison, fixedValue } from "./operator.ts";

const mappedPrefixBits = 96;

/** IPv4 addresses within IPv6 (`::ffff:192.0.2.1`) are IPv4 addresses. */
function parseAddress(text: string): IpAddress | null {
  const address = parseIpAddress(text);
  return address !== null && isMapped(address) ? address.slice(6) : address;
}

/** Parses CIDR notation; an address alone is a range of one. Bits behind the prefix are ignored. */
export function parseRange(text: string): IpRange | null {
  const slash = text.indexOf("/");
  const addressText = slash < 0 ? text : text.slice(0, slash);
  const address = parseAddress(addressText);
  if (address === null) return null;
  const bits = bitsOf(address);
  if (slash < 0) return { address, prefixBits: bits };
  const prefix = text.slice(slash + 1);
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(prefix)) return null;
  const mappedBits = address.length === 2 && addressText.includes(":") ? mappedPrefixBits : 0;
  const prefixBits = Number(prefix) - mappedBits;
  return prefixBits < 0 || prefixBits > bits ? null : { address, prefixBits };
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

function isMapped(address: IpAddress): boolean {
  return address[5] === 0xffff && address.slice(0, 5).every((word) => word === 0);
}

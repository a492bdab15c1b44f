/** An IP address: two 16-bit words (IPv4) or eight (IPv6). */
export type IpAddress = readonly number[];

/** Addresses of the same kind whose first `prefixBits` bits are those of `address`. */
export interface IpRange {
  readonly address: IpAddress;
  readonly prefixBits: number;
}

const BITS_PER_WORD = 16;

/** Parses an IPv4 or IPv6 address in its usual text forms, without zone and without leading zeros in IPv4. Null: it is none. */
export function parseIpAddress(text: string): IpAddress | null {
  if (text.length > 45) return null;
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

export function bitsOf(address: IpAddress): number {
  return address.length * BITS_PER_WORD;
}

export function isInRange(address: IpAddress, range: IpRange): boolean {
  if (address.length !== range.address.length) return false;
  for (let word = 0, bits = range.prefixBits; bits > 0; word++, bits -= BITS_PER_WORD) {
    const shift = Math.max(0, BITS_PER_WORD - bits);
    if ((address[word] as number) >> shift !== (range.address[word] as number) >> shift) return false;
  }
  return true;
}

function parseIpv4(text: string): IpAddress | null {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part))) return null;
  const [a, b, c, d] = parts.map(Number) as [number, number, number, number];
  return Math.max(a, b, c, d) > 255 ? null : [a * 256 + b, c * 256 + d];
}

function parseIpv6(text: string): IpAddress | null {
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

const QUOTE = 0x22;
const NEWLINE = 0x0a;

/** CSV without its first record: the names of columns may hold line breaks in quotes. */
export function withoutHead(csv: Uint8Array): Uint8Array {
  let isQuoted = false;
  for (let at = 0; at < csv.length; at++) {
    if (csv[at] === QUOTE) isQuoted = !isQuoted;
    if (csv[at] === NEWLINE && !isQuoted) return csv.subarray(at + 1);
  }
  return new Uint8Array();
}

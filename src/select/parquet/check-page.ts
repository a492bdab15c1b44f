import { deltaBinaryUnpack } from "hyparquet/src/delta.js";

/** What a page says of itself. */
export interface PageShape {
  /** Of all values, those that are NULL included. */
  readonly valueCount: number;
  readonly encoding: string | undefined;
  readonly isBoolean: boolean;
  /** Whether a value may be NULL: levels come before the values. */
  readonly isOptional: boolean;
  /** Version 2: how long the levels are, which are not in the page. Null: version 1. */
  readonly levelBytes: number | null;
}

/** Texts of one page, spelled out. */
const TEXTS_MAX_BYTES = 32 * 1024 * 1024;
const ENCODINGS = new Set([
  ...["PLAIN", "PLAIN_DICTIONARY", "RLE_DICTIONARY", "RLE", "DELTA_BINARY_PACKED"],
  ...["DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY", "BYTE_STREAM_SPLIT"],
]);

/**
 * Looks through an uncompressed data page of a flat column before it is decoded. A run that says that it is longer than the page has values, or a block
 * that says that it has more parts than it can, is refused: decoding it would fill memory. Returns how many bytes texts take that the page does not
 * spell out. Throws `RangeError`.
 */
export function checkPage(
  page: Uint8Array,
  { valueCount, encoding, isBoolean, isOptional, levelBytes }: PageShape,
): number {
  if (encoding === undefined || !ENCODINGS.has(encoding)) throw new RangeError("an encoding that is not known");
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  let at = 0;
  if (isOptional && levelBytes === null) {
    const length = view.getUint32(0, true);
    checkRuns(page, { from: 4, to: 4 + length, width: 1 }, valueCount);
    at = 4 + length;
  }
  if (encoding.endsWith("_DICTIONARY")) {
    // A page of NULLs alone may have no values.
    if (at < page.length) checkRuns(page, { from: at + 1, to: page.length, width: view.getUint8(at) }, valueCount);
  } else if (encoding === "RLE") {
    if (!isBoolean) throw new RangeError("runs of values that are no booleans");
    checkRuns(page, { from: at + 4, to: page.length, width: 1 }, valueCount);
  } else if (encoding.startsWith("DELTA_") && at < page.length) return checkDelta(view, at, encoding, valueCount);
  return 0;
}

/** The runs of levels or of places in a dictionary (Parquet's "RLE / bit-packing hybrid"). */
export function checkRuns(
  bytes: Uint8Array,
  { from, to, width }: { from: number; to: number; width: number },
  valueCount: number,
): void {
  if (width > 32 || to > bytes.length) throw new RangeError("runs beyond their page");
  let at = from;
  let seen = 0;
  while (seen < valueCount && at < to) {
    let head = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at];
      if (byte === undefined || shift > 28) throw new RangeError("a run without a length");
      head += (byte & 127) * 2 ** shift;
      at += 1;
      if (byte < 128) break;
    }
    const isPacked = head % 2 === 1;
    const count = isPacked ? ((head - 1) / 2) * 8 : head / 2;
    // The last packed run is filled up.
    if (count === 0 || count > valueCount - seen + (isPacked ? 512 : 0)) throw new RangeError("a run that is too long");
    seen += count;
    at += isPacked ? (count / 8) * width : Math.ceil(width / 8);
  }
}

function checkDelta(view: DataView, at: number, encoding: string, valueCount: number): number {
  const reader = { view, offset: at };
  const [blockSize, miniblocks] = [varint(reader), varint(reader)];
  if (miniblocks === 0 || miniblocks > 1_024 || blockSize > 1_048_576 || blockSize % miniblocks !== 0) {
    throw new RangeError("a block of deltas that cannot be");
  }
  if (encoding !== "DELTA_BYTE_ARRAY") return 0;
  // Each text repeats the beginning of the one before: a small page may hold gigabytes.
  const lengths = { view, offset: at };
  let sum = 0;
  let previous = 0;
  const prefixes = new Int32Array(Math.min(valueCount, countOf(view, at)));
  deltaBinaryUnpack(lengths, prefixes.length, prefixes);
  const suffixes = new Int32Array(prefixes.length);
  deltaBinaryUnpack(lengths, suffixes.length, suffixes);
  prefixes.forEach((prefix, index) => {
    const suffix = suffixes[index] as number;
    if (prefix < 0 || suffix < 0 || prefix > previous) throw new RangeError("a length that cannot be");
    previous = prefix + suffix;
    sum += previous;
  });
  if (sum > TEXTS_MAX_BYTES) throw new RangeError("texts that are too long");
  return sum;
}

/** How many values a block of deltas says that there are. */
function countOf(view: DataView, at: number): number {
  const reader = { view, offset: at };
  varint(reader);
  varint(reader);
  return varint(reader);
}

function varint(reader: { readonly view: DataView; offset: number }): number {
  let value = 0;
  for (let scale = 1; scale < 2 ** 35; scale *= 128) {
    const byte = reader.view.getUint8(reader.offset);
    reader.offset += 1;
    value += (byte & 127) * scale;
    if (byte < 128) return value;
  }
  throw new RangeError("an integer that is too long");
}

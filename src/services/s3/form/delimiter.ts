import { Buffer } from "node:buffer";

/**
 * What separates the parts of a multipart/form-data body (RFC 2046 §5.1.1): a line `--<boundary>`, with the line break before
 * it; the last one ends with two more hyphens.
 */
export type FoundDelimiter =
  /** Bytes [at, end) are a delimiter. Either more parts follow it, or none. */
  | { readonly kind: "part" | "close"; readonly at: number; readonly end: number }
  /** There is none before `at`; the bytes from there on may be the beginning of one. */
  | { readonly kind: "none"; readonly at: number };

const [tab, lineFeed, carriageReturn, space, hyphen] = [0x09, 0x0a, 0x0d, 0x20, 0x2d];
/**
 * White space between boundary and line break, which old transports added. Nothing sends it today.
 */
const PADDING_BYTES_MAX = 16;
const BOUNDARY_CHARACTERS_MAX = 70;

/** The bytes that every delimiter of this boundary begins with. */
export function delimiterMarker(boundary: string): Buffer {
  return Buffer.from(`\r\n--${boundary}`, "latin1");
}

/**
 * The boundary in a Content-Type, or null if it has no valid one (RFC 2046 §5.1.1: 1 to 70
 * characters).
 */
export function parseBoundary(contentType: string): string | null {
  const found = /;\s*boundary\s*=\s*(?:"((?:\\[\s\S]|[^"\\])*)"|([^\s;"]+))/i.exec(contentType);
  const boundary = found?.[1]?.replace(/\\([\s\S])/g, "$1") ?? found?.[2] ?? "";
  const good = /^[\x20-\x7e]*[\x21-\x7e]$/.test(boundary) && boundary.length <= BOUNDARY_CHARACTERS_MAX;
  return good ? boundary : null;
}

/**
 * Finds the first delimiter in `bytes` from `from` on. A line that only begins like one (a longer
 * boundary, of a form inside the file) is data.
 */
export function findDelimiter(bytes: Uint8Array, marker: Buffer, from = 0): FoundDelimiter {
  const window = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = window.indexOf(marker, from); at >= 0; at = window.indexOf(marker, at + 1)) {
    const line = readLineEnd(window, at + marker.length);
    if (line.kind === "cut") return { kind: "none", at };
    if (line.kind === "part" || line.kind === "close") return { kind: line.kind, at, end: line.end };
  }
  return { kind: "none", at: window.length - beginningAtEnd(window, marker, from) };
}

type LineEnd = { readonly kind: "part" | "close"; readonly end: number } | { readonly kind: "data" | "cut" };

/** Interprets the bytes after the boundary at `start`. */
function readLineEnd(window: Buffer, start: number): LineEnd {
  if (window[start] === hyphen) {
    if (start + 1 === window.length) return { kind: "cut" };
    return window[start + 1] === hyphen ? { kind: "close", end: start + 2 } : { kind: "data" };
  }
  let at = start;
  while (window[at] === space || window[at] === tab) at++;
  if (at - start > PADDING_BYTES_MAX) return { kind: "data" };
  if (at === window.length) return { kind: "cut" };
  if (window[at] !== carriageReturn) return { kind: "data" };
  if (at + 1 === window.length) return { kind: "cut" };
  return window[at + 1] === lineFeed ? { kind: "part", end: at + 2 } : { kind: "data" };
}

/** How many bytes at the end of `window` are the beginning of a marker. It has one carriage return only, its first byte. */
function beginningAtEnd(window: Buffer, marker: Buffer, from: number): number {
  const at = window.lastIndexOf(carriageReturn);
  const length = window.length - at;
  if (at < from || length >= marker.length) return 0;
  return window.subarray(at).equals(marker.subarray(0, length)) ? length : 0;
}

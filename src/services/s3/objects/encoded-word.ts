import { fromBase64, toBase64 } from "../../../base/bytes.ts";

/**
 * RFC 2047's encoded words, in which S3 carries metadata that is not ASCII: "values of such headers
 * are character decoded as per RFC 2047 before storing and encoded as per RFC 2047 before
 * returning" (S3 User Guide, "User-defined metadata").
 */
const WORD = /=\?([\w-]+)\?([BbQq])\?([^?\s]*)\?=/;
const ONLY_WORDS = new RegExp(`^${WORD.source}(?:\\s+${WORD.source})*$`);

/**
 * The text of a header value: its encoded words decoded if it consists only of those, otherwise
 * unchanged.
 */
export function decodeWords(value: string): string {
  if (!ONLY_WORDS.test(value)) return value;
  let decoded = "";
  for (const [, charset, encoding, content] of value.matchAll(new RegExp(WORD.source, "g"))) {
    const text = decodeWord(charset ?? "", encoding ?? "", content ?? "");
    if (text === null) return value;
    decoded += text;
  }
  // A decoded control character could split a header of an answer: the words then stay encoded.
  return /[\u0000-\u001f\u007f]/.test(decoded) ? value : decoded;
}

/**
 * A value for an answer: unchanged if it is printable ASCII, otherwise one encoded word of its
 * UTF-8.
 */
export function encodeWord(value: string): string {
  if (/^[\t\x20-\x7e]*$/.test(value)) return value;
  return `=?UTF-8?B?${toBase64(new TextEncoder().encode(value))}?=`;
}

function decodeWord(charset: string, encoding: string, content: string): string | null {
  const bytes = encoding.toUpperCase() === "B" ? fromBase64(content) : fromQuoted(content);
  if (bytes === null) return null;
  switch (charset.toLowerCase()) {
    case "utf-8":
    case "us-ascii":
      return strictUtf8(bytes);
    case "iso-8859-1":
      return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
    default:
      return null;
  }
}

function strictUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

/** The Q encoding (RFC 2047 §4.2): `_` is a space, `=XX` a byte. */
function fromQuoted(content: string): Uint8Array | null {
  if (/=(?![0-9A-Fa-f]{2})/.test(content) || /[^\x21-\x7e]/.test(content)) return null;
  const bytes: number[] = [];
  for (const [char, hex] of content.matchAll(/=([0-9A-Fa-f]{2})|[\s\S]/g)) {
    bytes.push(hex === undefined ? (char === "_" ? " " : char).charCodeAt(0) : Number.parseInt(hex, 16));
  }
  return Uint8Array.from(bytes);
}

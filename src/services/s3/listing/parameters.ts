import type { ListPosition } from "../../../store/read/list.ts";
import { S3Error } from "../errors/error.ts";

/** The most entries in a page of objects, parts or uploads, whatever the request says. */
export const PAGE_ENTRIES_MAX = 1000;

const INTEGER_MAX = 2 ** 31 - 1;

/**
 * A count such as `max-keys`: `defaultValue` if it is absent or empty. Throws InvalidArgument
 * unless it is an integer between 0 and 2³¹ − 1. The caller caps it.
 */
export function parseCount(query: URLSearchParams, name: string, defaultValue: number): number {
  const text = query.get(name) ?? "";
  if (text === "") return defaultValue;
  if (!/^[+-]?\d{1,20}$/.test(text) || Math.abs(Number(text)) > INTEGER_MAX) {
    throw invalidArgument(name, text, `Provided ${name} not an integer or within integer range`);
  }
  const count = Number(text);
  if (count < 0) throw invalidArgument(name, text, `Argument ${name} must be an integer between 0 and ${INTEGER_MAX}`);
  return count;
}

/** Form of names in a page: unchanged, or URL-encoded because XML 1.0 cannot hold every key. */
export interface NameEncoding {
  /** `url`, or undefined if none was requested. */
  readonly type: "url" | undefined;
  encode(name: string): string;
}

const plain: NameEncoding = { type: undefined, encode: (name) => name };
const url: NameEncoding = { type: "url", encode: encodeName };

/** Reads `encoding-type`. Throws InvalidArgument for anything but `url`. */
export function parseEncoding(query: URLSearchParams): NameEncoding {
  const type = query.get("encoding-type");
  if (type === null || type === "") return plain;
  if (type.toLowerCase() === "url") return url;
  throw invalidArgument("encoding-type", type, "Invalid Encoding Method specified in Request");
}

/**
 * Checks x-amz-optional-object-attributes. S3 has RestoreStatus, which objects that were never
 * archived do not have, and none here ever was. Throws InvalidArgument.
 */
export function checkOptionalAttributes(headers: Headers): void {
  const text = headers.get("x-amz-optional-object-attributes");
  if (text === null || text.split(",").every((name) => name.trim() === "RestoreStatus")) return;
  throw invalidArgument("x-amz-optional-object-attributes", text, "Invalid attribute name specified.");
}

/**
 * Start of a page after a name from the client. A rolled-up prefix of the same listing
 * (`NextMarker` after a page that ended with one) stands for all keys below it.
 */
export function positionAfter(marker: string, listing: { prefix: string; delimiter: string }): ListPosition {
  const { prefix, delimiter } = listing;
  const firstDelimiter = delimiter === "" ? -1 : marker.indexOf(delimiter, prefix.length);
  const isRolledUp =
    marker.startsWith(prefix) && firstDelimiter >= 0 && firstDelimiter + delimiter.length === marker.length;
  return { key: marker, skipPrefix: isRolledUp };
}

export function invalidArgument(name: string, value: string, message: string): S3Error {
  return new S3Error("InvalidArgument", message, { ArgumentName: name, ArgumentValue: value });
}

/**
 * Percent-encodes all except unreserved characters and `/`. A space becomes `%20`, which every
 * decoder reads.
 */
function encodeName(name: string): string {
  return encodeURIComponent(name)
    .replaceAll("%2F", "/")
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

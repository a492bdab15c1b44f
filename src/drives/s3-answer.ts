import { XMLParser } from "fast-xml-parser";
import type { DriveFault } from "./drive.ts";

/** Most bytes read of an error's or list's XML: a list of 1,000 of our keys takes about 400 KB. */
const XML_BYTES_MAX = 4 * 1024 * 1024;

const parser = new XMLParser({
  // Only XML's own five entities are expanded, by `decode` below: the text comes from another
  // provider.
  processEntities: false,
  ignoreAttributes: true,
  parseTagValue: false,
  isArray: (name) => name === "Contents" || name === "Error",
});

/** One page of ListObjectsV2. */
export interface ListedObjects {
  objects: { key: string; sizeBytes: number }[];
  isTruncated: boolean;
  /** For the next page, while `isTruncated`. */
  continuationToken: string | null;
}

/** Reads the body of a ListObjectsV2 answer; null if it is not one. */
export function parseList(xml: string): ListedObjects | null {
  const result = parse(xml)?.ListBucketResult;
  if (!isElement(result) || (result.IsTruncated !== "true" && result.IsTruncated !== "false")) return null;
  const objects: ListedObjects["objects"] = [];
  for (const entry of (result.Contents ?? []) as unknown[]) {
    if (!isElement(entry) || typeof entry.Key !== "string" || !/^\d{1,15}$/.test(String(entry.Size))) return null;
    objects.push({ key: decode(entry.Key), sizeBytes: Number(entry.Size) });
  }
  const token = result.NextContinuationToken;
  return {
    objects,
    isTruncated: result.IsTruncated === "true",
    continuationToken: typeof token === "string" ? decode(token) : null,
  };
}

/**
 * The keys that a DeleteObjects answer reports as not deleted, with S3's codes; null if it is not
 * such an answer.
 */
export function parseDeleteErrors(xml: string): { key: string; code: string }[] | null {
  const root = parse(xml);
  if (!root || !("DeleteResult" in root)) return null;
  const result = root.DeleteResult;
  if (!isElement(result)) return [];
  return ((result.Error ?? []) as unknown[]).map((error) =>
    isElement(error) ? { key: decode(String(error.Key)), code: String(error.Code) } : { key: "", code: "" },
  );
}

/** The `Code` of S3's error body, or null. */
export function parseErrorCode(xml: string): string | null {
  const errors = parse(xml)?.Error;
  const error = Array.isArray(errors) ? errors[0] : errors;
  const code = isElement(error) ? error.Code : null;
  return typeof code === "string" && /^\w{1,64}$/.test(code) ? code : null;
}

/** The meaning of an error answer with status `status` and S3 code `code`. */
export function faultOf(status: number, code: string | null): DriveFault {
  if (status === 416) return "short";
  if (status === 429 || status === 503 || code === "SlowDown" || code === "RequestLimitExceeded") return "throttled";
  if (status === 507 || code === "QuotaExceeded" || code === "XMinioStorageFull") return "full";
  if (code === "RequestTimeout" || status === 408) return "timeout";
  // A conflict with another operation, or a failure of a part of it: the same call may succeed.
  if (code === "OperationAborted" || code === "IncompleteBody") return "unknown";
  return status < 500 ? "refused" : "unknown";
}

/** The text of a body. Beyond a limit it is cut off, and so does not parse. */
export async function readXml(response: Response): Promise<string> {
  if (!response.body) return "";
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let readBytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    readBytes += value.length;
    if (readBytes > XML_BYTES_MAX) {
      await reader.cancel();
      return text;
    }
    text += decoder.decode(value, { stream: true });
  }
}

function parse(xml: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = parser.parse(xml);
    return isElement(parsed) ? parsed : null;
  } catch {
    // Not XML: the caller reports the unexpected answer.
    return null;
  }
}

function isElement(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const CHARACTERS: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Text of an element with XML's own entities and character references replaced. */
function decode(text: string): string {
  return text.replace(/&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([0-9A-Fa-f]{1,6}));/g, (whole, name, decimal, hex) => {
    if (name) return CHARACTERS[name as string] ?? whole;
    const code = decimal ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

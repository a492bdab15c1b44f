import { type ByteRange, DriveError, type ShardReader } from "./drive.ts";
import { streamReader } from "./stream-reader.ts";

/** The Range header that asks for `range` (RFC 9110 §14.2). */
export function rangeHeader(range: ByteRange): string {
  return `bytes=${range.offset}-${range.offset + range.length - 1}`;
}

/**
 * A reader over the body of a GET's answer of status 200 or 206, after a check that it has exactly
 * the requested bytes. A server may answer a range that covers everything with 200, clip a range at
 * the shard's end, or ignore Range altogether. Only the first is right here.
 */
export async function openRange(drive: string, response: Response, range?: ByteRange): Promise<ShardReader> {
  const length = contentLength(response);
  const encoding = response.headers.get("content-encoding") ?? "identity";
  const fault = length === null || encoding !== "identity" ? "refused" : checkRange(response, length, range);
  if (fault === null) return streamReader({ drive, stream: response.body, lengthBytes: length! });
  await response.body?.cancel();
  const got = `${response.status}, content-length ${length}, content-range ${response.headers.get("content-range")}`;
  const asked = range ? rangeHeader(range) : "the whole shard";
  throw new DriveError(drive, fault, `get of ${asked} was answered by other bytes: ${got}`);
}

/** Length of the body as its header says, or null without one. */
export function contentLength(response: Response): number | null {
  const text = response.headers.get("content-length");
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** The fault of the answer, or null. */
function checkRange(response: Response, length: number, range?: ByteRange): "short" | "refused" | null {
  if (!range) return response.status === 200 ? null : "refused";
  const { offset } = range;
  if (response.status === 200) {
    if (offset + range.length > length) return "short";
    return offset === 0 && range.length === length ? null : "refused";
  }
  const [, first, last, size] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(response.headers.get("content-range") ?? "") ?? [];
  if (Number(first) !== offset || Number(last) - offset + 1 !== length) return "refused";
  if (length < range.length && Number(last) + 1 === Number(size)) return "short";
  return length === range.length ? null : "refused";
}

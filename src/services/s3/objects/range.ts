import type { ReadHint } from "../../../store/read/objects.ts";
import type { ObjectHead } from "../../../store/types.ts";
import { S3Error } from "../errors/error.ts";
import { parsePartNumber } from "../multipart/part-number.ts";

/** The range that a GET or HEAD asks for, before the size of the object is known. */
export type RangeRequest =
  | { kind: "whole" }
  /** `bytes=first-last` or `bytes=first-`. */
  | { kind: "span"; first: number; last: number | null; text: string }
  /** `bytes=-length`. */
  | { kind: "suffix"; length: number; text: string }
  | { kind: "part"; partNumber: number };

/** The bytes of an object in an answer. */
export interface Selection {
  /** 206 if a range or a part was requested, even if it is the whole object. */
  readonly status: 200 | 206;
  readonly offset: number;
  readonly length: number;
  /** Present with status 206. */
  readonly contentRange?: string;
  /** Present if the request named a part of an object that was completed from parts. */
  readonly partsCount?: number;
  /** The checksum of exactly these bytes, if they are one part. Base64. */
  readonly partChecksum?: string;
}

const PART_NUMBER_WITH_RANGE = "Cannot specify both Range header and partNumber query parameter.";

/**
 * Reads the Range header (RFC 9110 §14.2) and the partNumber parameter. As in S3, malformed ranges,
 * other units and lists of ranges are ignored, which means the whole object. Throws InvalidArgument
 * for a bad part number, InvalidRequest if both are given.
 */
export function parseRangeRequest(range: string | null, partNumber: string | null): RangeRequest {
  if (partNumber !== null) {
    if (range !== null) throw new S3Error("InvalidRequest", PART_NUMBER_WITH_RANGE);
    return { kind: "part", partNumber: parsePartNumber(partNumber) };
  }
  const match = /^bytes=(\d*)-(\d*)$/i.exec(range ?? "");
  if (!match) return { kind: "whole" };
  const [text, first, last] = match as unknown as [string, string, string];
  if (first === "") return last === "" ? { kind: "whole" } : { kind: "suffix", length: position(last), text };
  if (last === "") return { kind: "span", first: position(first), last: null, text };
  if (position(last) < position(first)) return { kind: "whole" };
  return { kind: "span", first: position(first), last: position(last), text };
}

/** No object reaches the largest exact integer, so larger numbers are cut to it. */
function position(digits: string): number {
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER);
}

/** The same, as a hint for the store about the expected read. Undefined for the whole object. */
export function readHint(request: RangeRequest): ReadHint | undefined {
  switch (request.kind) {
    case "whole":
      return undefined;
    case "span":
      return { offset: request.first, length: request.last === null ? null : request.last - request.first + 1 };
    case "suffix":
      return { suffix: request.length };
    case "part":
      return { partNumber: request.partNumber };
  }
}

/**
 * The bytes of `head` that `request` means. Throws InvalidRange if no byte of the object is in the
 * range, InvalidPartNumber if the object has no such part.
 */
export function selectRange(request: RangeRequest, head: Pick<ObjectHead, "sizeBytes" | "parts">): Selection {
  const { sizeBytes } = head;
  switch (request.kind) {
    case "whole":
      return { status: 200, offset: 0, length: sizeBytes };
    case "span": {
      if (request.first >= sizeBytes) throw unsatisfiable(request.text, sizeBytes);
      const last = Math.min(request.last ?? Number.MAX_SAFE_INTEGER, sizeBytes - 1);
      return partial(request.first, last - request.first + 1, sizeBytes);
    }
    case "suffix": {
      const length = Math.min(request.length, sizeBytes);
      if (length === 0) throw unsatisfiable(request.text, sizeBytes);
      return partial(sizeBytes - length, length, sizeBytes);
    }
    case "part":
      return selectPart(request.partNumber, head);
  }
}

/** An object that was not completed from parts is its own only part. */
function selectPart(partNumber: number, { sizeBytes, parts }: Pick<ObjectHead, "sizeBytes" | "parts">): Selection {
  if (!parts) {
    if (partNumber !== 1) throw noSuchPart(partNumber, 1);
    return partial(0, sizeBytes, sizeBytes);
  }
  let offset = 0;
  for (const part of parts) {
    if (part.partNumber === partNumber) {
      return {
        ...partial(offset, part.sizeBytes, sizeBytes),
        partsCount: parts.length,
        ...(part.checksum !== undefined && { partChecksum: part.checksum }),
      };
    }
    offset += part.sizeBytes;
  }
  throw noSuchPart(partNumber, parts.length);
}

function partial(offset: number, length: number, sizeBytes: number): Selection {
  // Only the last part may be empty. No byte range can name it, so it is answered like a whole
  // object.
  if (length === 0) return { status: 200, offset, length };
  return { status: 206, offset, length, contentRange: `bytes ${offset}-${offset + length - 1}/${sizeBytes}` };
}

function unsatisfiable(rangeRequested: string, sizeBytes: number): S3Error {
  return new S3Error(
    "InvalidRange",
    undefined,
    { RangeRequested: rangeRequested, ActualObjectSize: String(sizeBytes) },
    { headers: { "Content-Range": `bytes */${sizeBytes}` } },
  );
}

function noSuchPart(partNumber: number, partsCount: number): S3Error {
  return new S3Error("InvalidPartNumber", undefined, {
    PartNumberRequested: String(partNumber),
    ActualPartCount: String(partsCount),
  });
}

const COPY_RANGE_FORM =
  "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based " +
  "offsets of the first and last bytes to copy";
const COPY_RANGE_HEADER = "x-amz-copy-source-range";

/** Reads x-amz-copy-source-range, which must be `bytes=first-last`. Throws InvalidArgument. */
export function parseCopyRange(text: string): { first: number; last: number } {
  const match = /^bytes=(\d{1,16})-(\d{1,16})$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2]);
  if (!match || last < first) {
    throw new S3Error("InvalidArgument", COPY_RANGE_FORM, { ArgumentName: COPY_RANGE_HEADER, ArgumentValue: text });
  }
  return { first, last };
}

/**
 * The slice of a copy source of `sizeBytes`; unlike a GET's range it must be within the object.
 * Throws InvalidArgument.
 */
export function selectCopyRange(
  range: { first: number; last: number },
  sizeBytes: number,
): { offset: number; length: number } {
  if (range.last >= sizeBytes) {
    throw new S3Error("InvalidArgument", `Range specified is not valid for source object of size: ${sizeBytes}`, {
      ArgumentName: COPY_RANGE_HEADER,
      ArgumentValue: `bytes=${range.first}-${range.last}`,
    });
  }
  return { offset: range.first, length: range.last - range.first + 1 };
}

import type { DeleteCondition } from "../../../store/delete/delete.ts";
import { S3Error } from "../errors/error.ts";
import { unquoteEtag } from "./etag.ts";
import { parseHttpDate } from "./http-date.ts";

const MATCH = "If-Match";
const SIZE = "x-amz-if-match-size";
const MODIFIED = "x-amz-if-match-last-modified-time";

/** Conditions of a deletion, as written in headers or in XML. */
export interface WrittenCondition {
  etag: string | null | undefined;
  size: string | null | undefined;
  modified: string | null | undefined;
}

/**
 * The condition of a DeleteObject: If-Match (an ETag, or `*` for any object), x-amz-if-match-size
 * and x-amz-if-match-last-modified-time. With a version id it is NotImplemented, as in S3: versions
 * do not change. Throws InvalidArgument for an invalid size or date.
 */
export function parseDeleteCondition(headers: Headers, versionId: string | undefined): DeleteCondition | undefined {
  const written = { etag: headers.get(MATCH), size: headers.get(SIZE), modified: headers.get(MODIFIED) };
  const condition = readDeleteCondition(written);
  if (condition === "malformed") throw malformedHeader(written);
  if (condition !== undefined && versionId !== undefined) throw notImplemented(headers);
  return condition;
}

/** The condition, undefined if there is none, or "malformed". */
export function readDeleteCondition(written: WrittenCondition): DeleteCondition | undefined | "malformed" {
  const { etag, size, modified } = written;
  const sizeBytes = parseSize(size);
  const modifiedMs = modified == null ? undefined : parseHttpDate(modified.trim());
  if (sizeBytes === null || modifiedMs === null) return "malformed";
  if (etag == null && sizeBytes === undefined && modifiedMs === undefined) return undefined;
  return {
    ...(etag != null && { etag: unquoteEtag(etag) }),
    ...(sizeBytes !== undefined && { sizeBytes }),
    ...(modifiedMs !== undefined && { modifiedSeconds: Math.floor(modifiedMs / 1000) }),
  };
}

function parseSize(text: string | null | undefined): number | null | undefined {
  if (text == null) return undefined;
  return /^\d{1,15}$/.test(text.trim()) ? Number(text) : null;
}

function malformedHeader({ size, modified }: WrittenCondition): S3Error {
  const isSize = parseSize(size) === null;
  return new S3Error("InvalidArgument", isSize ? "The size is no number of bytes." : "The time is no HTTP date.", {
    ArgumentName: isSize ? SIZE : MODIFIED,
    ArgumentValue: (isSize ? size : modified) ?? "",
  });
}

function notImplemented(headers: Headers): S3Error {
  const header = [MATCH, SIZE, MODIFIED].find((name) => headers.has(name)) ?? MATCH;
  return new S3Error("NotImplemented", undefined, { Header: header });
}

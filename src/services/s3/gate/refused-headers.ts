import type { S3ErrorCode } from "../errors/error.ts";

/**
 * A request header for a feature that is not built. It is answered 501 by name, unless S3 has a
 * code for it: if it were ignored, the request would do something else than it asks for.
 */
export interface RefusedHeader {
  /** Lower case. */
  readonly name: string;
  /** Absent: NotImplemented. */
  readonly code?: S3ErrorCode;
}

/** By feature. */
export const refusedHeaders = {
  selectObject: [{ name: "range", code: "UnsupportedRangeHeader" }],
  deleteObject: [{ name: "if-none-match" }, { name: "if-modified-since" }, { name: "if-unmodified-since" }],
} as const satisfies Record<string, readonly RefusedHeader[]>;

/** The first header for which a request is refused, with the error, or undefined. */
export function findRefusedHeader(
  headers: Headers,
  refused: readonly RefusedHeader[],
): { name: string; code: S3ErrorCode } | undefined {
  const found = refused.find(({ name }) => headers.has(name));
  return found && { name: found.name, code: found.code ?? "NotImplemented" };
}

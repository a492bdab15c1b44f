import type { S3ErrorCode } from "../errors/error.ts";

/**
 * A request header that asks for something that is not built. It is answered 501 by name, unless S3 has a code for it: to
 * ignore it would do something else than was asked for.
 */
export interface RefusedHeader {
  /** Lower case. */
  readonly name: string;
  /** Absent: NotImplemented. */
  readonly code?: S3ErrorCode;
}

/** By what is asked for. */
export const refusedHeaders = {
  selectObject: [{ name: "range", code: "UnsupportedRangeHeader" }],
  deleteObject: [{ name: "if-none-match" }, { name: "if-modified-since" }, { name: "if-unmodified-since" }],
} as const satisfies Record<string, readonly RefusedHeader[]>;

/** The first header of a request that is refused, and with what, or undefined. */
export function findRefusedHeader(
  headers: Headers,
  refused: readonly RefusedHeader[],
): { name: string; code: S3ErrorCode } | undefined {
  const found = refused.find(({ name }) => headers.has(name));
  return found && { name: found.name, code: found.code ?? "NotImplemented" };
}

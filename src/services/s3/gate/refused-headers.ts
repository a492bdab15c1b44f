import type { S3ErrorCode } from "../errors/error.ts";

/**
 * A request header that asks for something that is not built. It is answered 501 by name, unless S3 has a code for it: to
 * ignore it would store an object without what its writer asked for.
 */
export interface RefusedHeader {
  /** Lower case. One that ends with `*` stands for every header that begins so. */
  readonly name: string;
  /** Values that ask for nothing but what is done anyway. */
  readonly harmless?: readonly string[];
  /** Absent: NotImplemented. */
  readonly code?: S3ErrorCode;
}

/** By what is being written or read. */
export const refusedHeaders = {
  none: [],
  createBucket: [],
  readObject: [],
  selectObject: [{ name: "range", code: "UnsupportedRangeHeader" }],
  writeObject: [],
  copyObject: [],
  createUpload: [],
  uploadPart: [],
  uploadPartCopy: [],
  deleteObject: [{ name: "if-none-match" }, { name: "if-modified-since" }, { name: "if-unmodified-since" }],
} as const satisfies Record<string, readonly RefusedHeader[]>;

/** The first header of a request that is refused, and with what, or undefined. */
export function findRefusedHeader(
  headers: Headers,
  refused: readonly RefusedHeader[],
): { name: string; code: S3ErrorCode } | undefined {
  if (refused.length === 0) return undefined;
  for (const [name, value] of headers) {
    const matches = ({ name: refusedName, harmless }: RefusedHeader) =>
      (refusedName.endsWith("*") ? name.startsWith(refusedName.slice(0, -1)) : name === refusedName) &&
      !harmless?.includes(value);
    const found = refused.find(matches);
    if (found) return { name, code: found.code ?? "NotImplemented" };
  }
  return undefined;
}

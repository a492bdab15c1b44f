import type { BodyPieces } from "../../../base/body-pieces.ts";
import { ClientTooSlow } from "../../../base/patience.ts";
import { S3Error } from "../errors/error.ts";

/**
 * The body of a request with its transfer coding undone. `next` returns null once all bytes have
 * come and their framing and chunk signatures are right. It throws IncompleteBody if the body ends
 * early or the connection is cut, RequestTimeout if the client is too slow, and
 * SignatureDoesNotMatch or similar if the body is forged.
 */
export interface PayloadBytes extends BodyPieces {
  /** Total of bytes from `next`. */
  readonly sizeBytes: number;
  /** True if `sizeBytes` is only an upper bound. */
  readonly sizeIsBound?: boolean;
  /** Trailers by lower-case name. Empty before `next` has returned null. */
  readonly trailers: ReadonlyMap<string, string>;
}

/**
 * Calls `pieces.next()`. Any failure while the client sends is one of its connection: throws
 * IncompleteBody or RequestTimeout.
 */
export async function nextPiece(pieces: BodyPieces): Promise<Uint8Array | null> {
  try {
    return await pieces.next();
  } catch (cause) {
    throw new S3Error(cause instanceof ClientTooSlow ? "RequestTimeout" : "IncompleteBody", undefined, {}, { cause });
  }
}

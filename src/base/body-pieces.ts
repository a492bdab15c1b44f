/** Bytes that come piece by piece: of a request, or of any step that a body goes through on its way in. */
export interface BodyPieces {
  /** The next bytes, valid until the next call, which may reuse their memory; null at the end. */
  next(): Promise<Uint8Array | null>;
  /** Frees the stream below, unless a piece is being waited for, so that a request that is refused can be read to its end. */
  release(): void;
}

import { S3Error } from "../errors/error.ts";

/** Size of the pieces that a body is read in: smaller ones cost more in crossing from the runtime than in work on them. */
const PIECE_BYTES_MAX = 256 * 1024;

/** The bytes of a stream, piece by piece. */
export interface BodyPieces {
  /** At most 256 KiB, valid until the next call, which may reuse its memory; null at the end. */
  next(): Promise<Uint8Array | null>;
  /** Gives the stream free, unless a piece is being waited for, so that whoever refuses the request can read it away. */
  release(): void;
}

/** The body of a request with its transfer coding undone. */
export interface PayloadBytes {
  /** What `next` gives in all. */
  readonly sizeBytes: number;
  /** True where `sizeBytes` is only the most that `next` gives. */
  readonly sizeIsBound?: boolean;
  /**
   * The next bytes, valid until the next call; null once all have come and their framing and chunk signatures are right.
   * Throws IncompleteBody where the body ends early or the connection is cut, and SignatureDoesNotMatch and its like where
   * it is forged.
   */
  next(): Promise<Uint8Array | null>;
  /** What followed the body, by lower-case name. Empty before `next` has given null. */
  readonly trailers: ReadonlyMap<string, string>;
  /** See `BodyPieces`. */
  release(): void;
}

/** `pieces.next()`. Whatever fails while the client sends is the client's connection: throws IncompleteBody. */
export async function nextPiece(pieces: BodyPieces): Promise<Uint8Array | null> {
  try {
    return await pieces.next();
  } catch (cause) {
    throw new S3Error("IncompleteBody", undefined, {}, { cause });
  }
}

/**
 * Reads `stream` with as few calls as the platform allows; it is not locked before the first. `sizeBytes` is what it will
 * give, where that is known: no buffer larger than that is made.
 */
export function readPieces(stream: ReadableStream<Uint8Array>, sizeBytes: number | null): BodyPieces {
  let source: Source | null = null;
  let waiting = false;
  return {
    async next() {
      source ??= openSource(stream, Math.max(1, Math.min(PIECE_BYTES_MAX, sizeBytes ?? PIECE_BYTES_MAX)));
      waiting = true;
      const piece = await source.read();
      waiting = false;
      return piece;
    },
    release() {
      if (!waiting) source?.release();
    },
  };
}

interface Source {
  read(): Promise<Uint8Array | null>;
  release(): void;
}

function openSource(stream: ReadableStream<Uint8Array>, pieceBytes: number): Source {
  const byob = byobReader(stream);
  return byob === null ? defaultSource(stream) : byobSource(byob, pieceBytes);
}

/** Null where the stream is none of bytes, as in tests. */
function byobReader(stream: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | null {
  try {
    return stream.getReader({ mode: "byob" });
  } catch (error) {
    if (error instanceof TypeError && !stream.locked) return null;
    throw error;
  }
}

function byobSource(reader: ReadableStreamBYOBReader, pieceBytes: number): Source {
  let buffer = new ArrayBuffer(pieceBytes);
  // Only workerd has it: it fills the buffer in one call, where `read` gives what the socket had.
  const fills = typeof reader.readAtLeast === "function";
  return {
    async read() {
      const view = new Uint8Array(buffer);
      const { done, value } = fills ? await reader.readAtLeast(pieceBytes, view) : await reader.read(view);
      if (value) buffer = value.buffer as ArrayBuffer;
      // At the end the last bytes may come together with `done`, or before it.
      if (value && value.length > 0) return value;
      return done ? null : new Uint8Array(0);
    },
    release: () => reader.releaseLock(),
  };
}

function defaultSource(stream: ReadableStream<Uint8Array>): Source {
  const reader = stream.getReader();
  return {
    async read() {
      const { done, value } = await reader.read();
      return done ? null : value;
    },
    release: () => reader.releaseLock(),
  };
}

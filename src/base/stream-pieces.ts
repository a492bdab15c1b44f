import type { BodyPieces } from "./body-pieces.ts";
import { type Patience, SpeedWatch } from "./patience.ts";

/** Largest piece: smaller ones cost more in crossing from the runtime than in work on them. */
const PIECE_BYTES_MAX = 256 * 1024;
/** A piece has at least so many bytes, unless the stream ends. */
const PIECE_BYTES_MIN = 64 * 1024;
/** The first buffer: a client that sends a head and nothing more holds no more than this. */
const FIRST_BYTES_MAX = 16 * 1024;

/**
 * Reads `stream` with as few calls as the platform allows; it is not locked before the first. `sizeBytes` is what the stream will
 * give, if that is known: no buffer larger than that is made. Throws what the stream throws, and `ClientTooSlow`.
 */
export function streamPieces(
  stream: ReadableStream<Uint8Array>,
  sizeBytes: number | null,
  patience: Patience,
): BodyPieces {
  let source: Source | null = null;
  let waiting = false;
  const watch = new SpeedWatch(patience);
  return {
    async next() {
      source ??= openSource(stream, sizeBytes ?? Number.POSITIVE_INFINITY);
      waiting = true;
      const piece = await watch.over(source.read((bytes) => watch.arrived(bytes)));
      waiting = false;
      return piece;
    },
    release() {
      if (!waiting) source?.release();
    },
  };
}

interface Source {
  /** Tells `arrived` of bytes as they come. */
  read(arrived: (bytes: number) => void): Promise<Uint8Array | null>;
  release(): void;
}

function openSource(stream: ReadableStream<Uint8Array>, sizeBytes: number): Source {
  const reader = byobReader(stream);
  return reader === null ? new DefaultSource(stream.getReader()) : new ByteSource(reader, sizeBytes);
}

/** Null if the stream is none of bytes, as in tests. */
function byobReader(stream: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | null {
  try {
    return stream.getReader({ mode: "byob" });
  } catch (error) {
    if (error instanceof TypeError && !stream.locked) return null;
    throw error;
  }
}

/** Fills one buffer again and again: small at first, larger while the client fills it. */
class ByteSource implements Source {
  readonly #reader: ReadableStreamBYOBReader;
  #leftBytes: number;
  #buffer: ArrayBuffer;

  constructor(reader: ReadableStreamBYOBReader, sizeBytes: number) {
    this.#reader = reader;
    this.#leftBytes = sizeBytes;
    this.#buffer = new ArrayBuffer(Math.max(1, Math.min(FIRST_BYTES_MAX, sizeBytes)));
  }

  /** Many short reads make one piece, but each of them is told: a slow client is another thing than a silent one. */
  async read(arrived: (bytes: number) => void): Promise<Uint8Array | null> {
    const enough = Math.min(PIECE_BYTES_MIN, this.#buffer.byteLength);
    for (let filled = 0; ; ) {
      const { done, value } = await this.#reader.read(new Uint8Array(this.#buffer, filled));
      if (value) this.#buffer = value.buffer as ArrayBuffer;
      const came = value?.length ?? 0;
      filled += came;
      this.#leftBytes -= came;
      if (came > 0) arrived(came);
      // At the end the last bytes may come together with `done`, or before it.
      if (done && filled === 0) return null;
      if (!done && filled < enough && this.#leftBytes > 0) continue;
      const piece = new Uint8Array(this.#buffer, 0, filled);
      if (filled === this.#buffer.byteLength) this.#grow();
      return piece;
    }
  }

  release(): void {
    this.#reader.releaseLock();
  }

  #grow(): void {
    const bytes = Math.min(PIECE_BYTES_MAX, 4 * this.#buffer.byteLength, Math.max(1, this.#leftBytes));
    if (bytes > this.#buffer.byteLength) this.#buffer = new ArrayBuffer(bytes);
  }
}

class DefaultSource implements Source {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(reader: ReadableStreamDefaultReader<Uint8Array>) {
    this.#reader = reader;
  }

  async read(arrived: (bytes: number) => void): Promise<Uint8Array | null> {
    const { done, value } = await this.#reader.read();
    if (done) return null;
    arrived(value.length);
    return value;
  }

  release(): void {
    this.#reader.releaseLock();
  }
}

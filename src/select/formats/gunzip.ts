import { createGunzip } from "node:zlib";
import { SelectFailure } from "../failure.ts";
import type { Pieces } from "./pieces.ts";

const CHUNK_BYTES = 64 * 1024;

/** What gzip members decompress to, one after another. Throws InvalidCompressionFormat, TruncatedInput. */
export function gunzip(source: Pieces): Pieces {
  return new Gunzip(source);
}

/** Pulls: no more is decompressed than is asked for, besides the stream's own buffer. */
class Gunzip implements Pieces {
  readonly #source: Pieces;
  readonly #stream = createGunzip({ chunkSize: CHUNK_BYTES });
  #isEnded = false;
  #isEmpty = true;
  #failure: unknown = null;
  #wake: () => void = () => {};
  /** Ends the wait for a piece to be taken. A stream that is closed takes none. */
  #written: () => void = () => {};
  #feeding: Promise<void> | null = null;

  constructor(source: Pieces) {
    this.#source = source;
    const wake = () => this.#wake();
    this.#stream.on("readable", wake);
    this.#stream.on("end", () => {
      this.#isEnded = true;
      wake();
    });
    this.#stream.on("error", (error) => {
      this.#failure ??= failureOf(error);
      wake();
    });
    this.#stream.on("close", () => {
      this.#written();
      wake();
    });
  }

  async next(): Promise<Uint8Array | null> {
    this.#feeding ??= this.#feed();
    for (;;) {
      if (this.#failure !== null) throw this.#failure;
      const piece = this.#stream.read();
      if (piece !== null) return piece;
      if (this.#isEnded) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        // What happened since is not told again.
        if (this.#failure !== null || this.#isEnded) resolve();
      });
    }
  }

  async cancel(): Promise<void> {
    this.#stream.destroy();
    await this.#source.cancel();
  }

  /** Writes the source into the stream, each piece when the one before is decompressed. */
  async #feed(): Promise<void> {
    try {
      for (let piece = await this.#source.next(); piece !== null; piece = await this.#source.next()) {
        this.#isEmpty &&= piece.length === 0;
        // The source may reuse the memory of a piece.
        await this.#write(piece.slice());
        if (this.#failure !== null) return;
      }
      if (this.#isEmpty) throw new SelectFailure("InvalidCompressionFormat");
      this.#stream.end();
    } catch (error) {
      this.#failure ??= error;
      this.#stream.destroy();
    }
    this.#wake();
  }

  #write(piece: Uint8Array): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#written = resolve;
    this.#stream.write(piece, () => resolve());
    return promise;
  }
}

function failureOf(error: Error): SelectFailure {
  const isHeader = /header/i.test(error.message);
  return new SelectFailure(isHeader ? "InvalidCompressionFormat" : "TruncatedInput", undefined, { cause: error });
}

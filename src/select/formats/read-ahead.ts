import type { Pieces } from "./pieces.ts";

/** The same pieces, of which the next is fetched while one is worked on. A piece is valid until the next call, as that of the source is. */
export class ReadAhead implements Pieces {
  readonly #source: Pieces;
  #coming: Promise<Uint8Array | null> | null = null;
  #isOver = false;

  constructor(source: Pieces) {
    this.#source = source;
  }

  /** To be called when the last piece is done with: the source may use its memory again. */
  prime(): void {
    if (this.#isOver || this.#coming !== null) return;
    this.#coming = this.#source.next();
    // Whoever asks for the piece gets the failure.
    this.#coming.catch(() => {});
  }

  async next(): Promise<Uint8Array | null> {
    const coming = this.#coming ?? this.#source.next();
    this.#coming = null;
    const piece = await coming;
    if (piece === null) this.#isOver = true;
    return piece;
  }

  async cancel(): Promise<void> {
    this.#isOver = true;
    await this.#coming?.catch(() => null);
    await this.#source.cancel();
  }
}

/** Bytes of an object, or what a decoder makes of them, piece by piece. */
export interface Pieces {
  /** The next bytes, valid until the next call; null at the end. */
  next(): Promise<Uint8Array | null>;
  /** Frees what is below, if it is not read to its end. */
  cancel(): Promise<void>;
}

/** An object that can be read from any place. */
export interface SelectSource {
  readonly sizeBytes: number;
  /** Opens a range. */
  read(range: { readonly offset: number; readonly length: number }): Promise<Pieces>;
}

/** How much was read, and how much of it remained after decompression. */
export interface ReadCounts {
  scannedBytes: number;
  processedBytes: number;
}

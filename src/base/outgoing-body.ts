/** Object bytes on their way out. Pull `next` until null; `cancel` frees the drives if it is not read to the end. */
export interface OutgoingBody {
  readonly sizeBytes: number;
  /** Verified bytes, valid until the next call. Throws if the bytes cannot be had: break off. */
  next(): Promise<Uint8Array | null>;
  cancel(): Promise<void>;
}

/** Bytes that are made while they are sent: how many there are shows at their end, so that they are sent in chunks. */
export interface UnsizedBody extends Omit<OutgoingBody, "sizeBytes"> {
  readonly sizeBytes: null;
}

/** Bytes of an AES-GCM tag. */
export const TAG_BYTES = 16;

/** How a sealed blob is cut: what must be known besides its size. All sizes are bytes. */
export interface SealedShape {
  /** Data shards. */
  readonly k: number;
  /** Size of a full block as it is stored, tag included. */
  readonly blockBytes: number;
  /** Tags of each block together: `TAG_BYTES` for each layer of encryption; 0: the blob is not sealed. */
  readonly tagBytes: number;
}

/**
 * Bytes of the blob that holds `plainBytes` bytes sealed. Each stripe has k blocks, and in each block room for its tag: also in the last
 * stripe, and also in blocks that stay empty there, so that its blocks are as long as the layout says.
 */
export function sealedBytes({ k, blockBytes, tagBytes }: SealedShape, plainBytes: number): number {
  const perStripe = k * (blockBytes - tagBytes);
  const rest = plainBytes % perStripe;
  return ((plainBytes - rest) / perStripe) * k * blockBytes + (rest === 0 ? 0 : rest + k * tagBytes);
}

/** The inverse of `sealedBytes`. */
export function plainBytesOf({ k, blockBytes, tagBytes }: SealedShape, blobBytes: number): number {
  const rest = blobBytes % (k * blockBytes);
  const stripes = (blobBytes - rest) / (k * blockBytes);
  return stripes * k * (blockBytes - tagBytes) + (rest === 0 ? 0 : rest - k * tagBytes);
}

/** A block of a sealed blob: which one, what of the plain bytes is in it, and where it lies in the blob. */
export interface SealedBlock {
  /** Counted over the whole blob, data blocks only: `stripe · k + shard`. */
  readonly number: number;
  /** Of its first byte, in the plain bytes. */
  readonly plainOffset: number;
  readonly plainBytes: number;
  /** Of its first byte, in the blob. */
  readonly blobOffset: number;
}

/** The block that holds plain byte `offset` of a blob of `blobBytes` bytes. */
export function blockAt(shape: SealedShape, blobBytes: number, offset: number): SealedBlock {
  const { k, blockBytes, tagBytes } = shape;
  const plainBytes = plainBytesOf(shape, blobBytes);
  const perStripe = k * (blockBytes - tagBytes);
  const stripe = Math.floor(offset / perStripe);
  const stored = Math.min(k * blockBytes, blobBytes - stripe * k * blockBytes);
  // As the erasure code cuts a stripe: see `blockBytesOf`.
  const block = Math.ceil(Math.ceil(stored / k) / 128) * 128;
  const shard = Math.floor((offset - stripe * perStripe) / (block - tagBytes));
  const plainOffset = stripe * perStripe + shard * (block - tagBytes);
  return {
    number: stripe * k + shard,
    plainOffset,
    plainBytes: Math.min(block - tagBytes, plainBytes - plainOffset, (stripe + 1) * perStripe - plainOffset),
    blobOffset: stripe * k * blockBytes + shard * block,
  };
}

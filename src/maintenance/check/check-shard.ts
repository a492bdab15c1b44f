import { equalBytes } from "../../base/bytes.ts";
import { type Drive, DriveError, type ShardReader } from "../../drives/drive.ts";
import { type BlobLayout, frameBytes, frameOffset, SHARD_HEADER_BYTES, stripeCount } from "../../erasure/layout.ts";
import { parseShardHeader } from "../../erasure/shard-header.ts";
import type { BlobRow, ShardPlace } from "../../metadata/rows.ts";
import type { StoreContext } from "../../store/context.ts";
import { idBytes } from "../../store/placement/ids.ts";
import { isSettling } from "../../store/placement/shard-key.ts";
import { driveFault, type ShardFault, type StripeRange } from "../../store/read/shard-source.ts";

/** Result of reading a shard. */
export type ShardState = { ok: true } | { ok: false; fault: ShardFault };

export interface ShardCheck {
  blob: BlobRow;
  shard: number;
  /** Absent: all. The header is read with the first one. */
  stripes?: StripeRange;
  /**
   * Receives the file's bytes piece by piece, each after its verification. Throws no `DriveError`.
   */
  take?(bytes: Uint8Array): Promise<void>;
}

export function layoutOf({ k, m, blockBytes, sizeBytes }: BlobRow): BlobLayout {
  return { k, m, blockBytes, blobBytes: sizeBytes };
}

export function driveOf(store: StoreContext, place: ShardPlace): Drive | null {
  return store.drives.find(({ name }) => name === place?.[0]) ?? null;
}

/**
 * Reads frames of a shard, and its header, and verifies each. One ranged read; one frame is in
 * memory. A shard without a place in the row is absent; if its drive is not configured, it is
 * unreachable. Throws the errors of `take`.
 */
export async function checkShard(store: StoreContext, check: ShardCheck): Promise<ShardState> {
  const place = check.blob.shards[check.shard];
  if (!place) return { ok: false, fault: { kind: "absent", damaged: true } };
  const drive = driveOf(store, place);
  if (!drive) return { ok: false, fault: { kind: "unreachable", damaged: false, reason: "it is not configured" } };
  let reader: ShardReader | null = null;
  try {
    const { first, end, stripes } = extentOf(check);
    reader = await drive.get(place[1], { offset: first, length: end - first });
    if (!reader) {
      return { ok: false, fault: { kind: "absent", damaged: !isSettling(drive, place[1], store.clock.now()) } };
    }
    const isRight = await readPieces(store, check, { reader, stripes });
    return isRight ? { ok: true } : { ok: false, fault: { kind: "corrupt", damaged: true } };
  } catch (error) {
    if (!(error instanceof DriveError)) throw error;
    return { ok: false, fault: driveFault(error) };
  } finally {
    await reader?.cancel();
  }
}

/** Range of the needed bytes in the shard file. */
function extentOf({ blob, stripes }: ShardCheck): { first: number; end: number; stripes: StripeRange } {
  const layout = layoutOf(blob);
  const range = stripes ?? { first: 0, last: stripeCount(layout) - 1 };
  const first = range.first === 0 ? 0 : frameOffset(layout, range.first);
  return { first, end: frameOffset(layout, range.last) + frameBytes(layout, range.last), stripes: range };
}

/** False if something is wrong. */
async function readPieces(
  { engine }: StoreContext,
  { blob, shard, take = async () => {} }: ShardCheck,
  { reader, stripes }: { reader: ShardReader; stripes: StripeRange },
): Promise<boolean> {
  const layout = layoutOf(blob);
  const blobId = idBytes(blob.id);
  if (stripes.first === 0) {
    const header = await reader.read(SHARD_HEADER_BYTES);
    const parsed = parseShardHeader(header, (bytes) => engine.crc64nvme(bytes));
    if (!parsed.ok || !equalBytes(parsed.header.blobId, blobId)) return false;
    const { k, m, blockBytes, blobBytes } = parsed.header;
    if (parsed.header.shard !== shard || k !== layout.k || m !== layout.m) return false;
    if (blockBytes !== layout.blockBytes || blobBytes !== layout.blobBytes) return false;
    await take(header);
  }
  for (let stripe = stripes.first; stripe <= stripes.last; stripe++) {
    const frame = await reader.read(frameBytes(layout, stripe));
    if (!engine.verifyFrame(frame, { blobId, shard, stripe })) return false;
    await take(frame);
  }
  return true;
}

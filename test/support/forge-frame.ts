import type { ErasureEngine } from "../../src/erasure/engine.ts";
import { FRAME_CHECK_BYTES, frameBytes, frameOffset } from "../../src/erasure/layout.ts";
import { parseShardHeader } from "../../src/erasure/shard-header.ts";

/** The shard with one bit of its first frame flipped, and the frame's check made right again: what someone who knows the format can do. */
export function forgeFrame(engine: ErasureEngine, shard: Uint8Array): Uint8Array {
  const forged = shard.slice();
  const parsed = parseShardHeader(forged.subarray(0, 64), (bytes) => engine.crc64nvme(bytes));
  if (!parsed.ok) throw new Error("no shard");
  const { header } = parsed;
  const start = frameOffset(header, 0);
  const end = start + frameBytes(header, 0) - FRAME_CHECK_BYTES;
  forged[start + 5] = (forged[start + 5] as number) ^ 4;
  const identity = new Uint8Array(24);
  identity.set(header.blobId);
  new DataView(identity.buffer).setUint32(16, header.shard, true);
  const check = engine.crc64nvme(forged.subarray(start, end)) ^ engine.crc64nvme(identity);
  new DataView(forged.buffer).setBigUint64(end, check, true);
  return forged;
}

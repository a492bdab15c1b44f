import { type Geometry, isGeometry, largestBlockBytes, UNIT_BYTES } from "./geometry.ts";
import { type BlobLayout, SHARD_HEADER_BYTES } from "./layout.ts";

/** Bytes of a blob id. */
export const BLOB_ID_BYTES = 16;

/** The first 64 bytes of a shard file: enough to identify the shard and to find its frames. */
export interface ShardHeader extends BlobLayout {
  readonly blobId: Uint8Array;
  /** 0 to k+m-1; data shards come first. */
  readonly shard: number;
}

/** Why 64 bytes are no header of ours. */
export type HeaderFlaw =
  | { flaw: "too-short"; bytes: number }
  | { flaw: "foreign" }
  | { flaw: "corrupt" }
  | { flaw: "unknown-version"; version: number }
  | { flaw: "inconsistent"; field: string };

export type HeaderResult = { ok: true; header: ShardHeader } | ({ ok: false } & HeaderFlaw);

/** CRC-64/NVME of bytes, as `ErasureEngine.crc64nvme` computes it. */
type Crc64 = (bytes: Uint8Array) => bigint;

const MAGIC = Uint8Array.of(0x53, 0x48, 0x45, 0x52, 0x44, 0x0d, 0x0a, 0x1a);
const FORMAT_VERSION = 1;

/** Offsets of the header's fields; the gaps are zero. Integers are little-endian. See docs/storage-format.md. */
const AT = { version: 8, k: 10, m: 11, shard: 12, blobId: 16, blockBytes: 32, blobBytes: 40, crc: 56 } as const;
const ZERO_RANGES = [
  [13, 16],
  [36, 40],
  [48, 56],
] as const;

/** The 64 bytes of a shard file's header. */
export function encodeShardHeader(header: ShardHeader, crc64: Crc64): Uint8Array {
  const bytes = new Uint8Array(SHARD_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint16(AT.version, FORMAT_VERSION, true);
  view.setUint8(AT.k, header.k);
  view.setUint8(AT.m, header.m);
  view.setUint8(AT.shard, header.shard);
  if (header.blobId.length !== BLOB_ID_BYTES) throw new RangeError("a blob id has 16 bytes");
  bytes.set(header.blobId, AT.blobId);
  view.setUint32(AT.blockBytes, header.blockBytes, true);
  view.setBigUint64(AT.blobBytes, BigInt(header.blobBytes), true);
  view.setBigUint64(AT.crc, crc64(bytes.subarray(0, AT.crc)), true);
  return bytes;
}

/** Reads the first 64 bytes of a shard file. Whatever the bytes, it returns; a header that it returns is consistent in itself. */
export function parseShardHeader(file: Uint8Array, crc64: Crc64): HeaderResult {
  if (file.length < SHARD_HEADER_BYTES) return { ok: false, flaw: "too-short", bytes: file.length };
  const bytes = file.subarray(0, SHARD_HEADER_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (MAGIC.some((byte, index) => bytes[index] !== byte)) return { ok: false, flaw: "foreign" };
  if (view.getBigUint64(AT.crc, true) !== crc64(bytes.subarray(0, AT.crc))) return { ok: false, flaw: "corrupt" };
  const version = view.getUint16(AT.version, true);
  if (version !== FORMAT_VERSION) return { ok: false, flaw: "unknown-version", version };
  const header: ShardHeader = {
    k: view.getUint8(AT.k),
    m: view.getUint8(AT.m),
    shard: view.getUint8(AT.shard),
    blobId: bytes.slice(AT.blobId, AT.blobId + BLOB_ID_BYTES),
    blockBytes: view.getUint32(AT.blockBytes, true),
    blobBytes: Number(view.getBigUint64(AT.blobBytes, true)),
  };
  const field = inconsistentField(header, bytes);
  return field === null ? { ok: true, header } : { ok: false, flaw: "inconsistent", field };
}

/** The first field that no writer of this format would have written, or null. */
function inconsistentField(header: ShardHeader, bytes: Uint8Array): string | null {
  const geometry: Geometry = header;
  if (!isGeometry(geometry)) return "geometry";
  if (header.shard >= header.k + header.m) return "shard";
  const { blockBytes } = header;
  if (blockBytes === 0 || blockBytes % UNIT_BYTES !== 0 || blockBytes > largestBlockBytes(geometry))
    return "blockBytes";
  if (!Number.isSafeInteger(header.blobBytes)) return "blobBytes";
  for (const [from, to] of ZERO_RANGES) if (bytes.subarray(from, to).some((byte) => byte !== 0)) return "reserved";
  return null;
}

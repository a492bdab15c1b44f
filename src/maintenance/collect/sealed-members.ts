import type { PackedContent } from "../../metadata/blobs/packing.ts";
import type { BlobRow, ExtentRow } from "../../metadata/rows.ts";
import { layersOf } from "../../sealing/object-encryption.ts";
import { type ObjectKey, sealedOverheadBytes } from "../../sealing/object-key.ts";
import type { StoreContext } from "../../store/context.ts";
import { StoreError } from "../../store/failure.ts";
import { BlobReader } from "../../store/read/read-blob.ts";
import { encryptionOf, openContent } from "../../store/sealed/open-content.ts";

/** An encrypted object in a pack. */
interface Member {
  id: string;
  /** Of its sealed bytes, in the pack. */
  offset: number;
  length: number;
  /** null: the deployment alone cannot open it. */
  key: ObjectKey | null;
}

/** Whether all of an encrypted object is in one pack: nothing was appended since. */
export function isSealedMember({ from }: PackedContent): boolean {
  return from.extents?.length === 1 && from.extents[0]?.[5] === 1 && from.inlineBody === null;
}

/**
 * The sealed bytes of encrypted objects in packs, by the objects' ids. Frames can be forged with
 * right checks, and the packer drops what it has copied. So each pack is read whole and compared
 * with the CRC in its row, and objects that the root keys open are opened. If something is wrong,
 * each shard is left out in turn, and the one at fault is recorded as damaged. The objects of a
 * pack that stays wrong are missing from the result. One pack and the requested bytes are in
 * memory. Throws `StoreError` drives-unavailable.
 */
export async function readSealedMembers(
  store: StoreContext,
  bodies: readonly PackedContent[],
): Promise<Map<string, Uint8Array>> {
  const packs = new Map<string, Member[]>();
  for (const body of bodies) {
    const [, length, blobId, offset] = (body.from.extents ?? [])[0] as ExtentRow;
    const overhead = sealedOverheadBytes(layersOf(encryptionOf(body)?.form ?? "AES256"));
    const member = { id: body.id, offset, length: length + overhead, key: await keyOf(store, body) };
    packs.set(blobId, [...(packs.get(blobId) ?? []), member]);
  }
  const blobs = packs.size === 0 ? [] : await store.metadata.blobs.find([...packs.keys()]);
  const found = new Map<string, Uint8Array>();
  for (const blob of blobs) {
    const members = packs.get(blob.id) ?? [];
    const pack = await readPack(store, blob, members);
    // A slice would keep the whole pack in memory.
    if (pack) for (const member of members) found.set(member.id, bytesOf(pack, member).slice());
  }
  return found;
}

function bytesOf(pack: Uint8Array, { offset, length }: Member): Uint8Array {
  return pack.subarray(offset, offset + length);
}

/**
 * Null also if the row was altered, or its root key is not configured: reading the object reports
 * that.
 */
async function keyOf(store: StoreContext, body: PackedContent): Promise<ObjectKey | null> {
  if (encryptionOf(body)?.form !== "AES256") return null;
  const bucket = { id: body.place.bucketId, name: body.bucketName };
  try {
    return (await openContent(store, { ...body, ...body.from, bucket, key: body.place.key }, null)).objectKey;
  } catch (error) {
    if (error instanceof StoreError) return null;
    throw error;
  }
}

/** The correct bytes of a pack, if necessary without one of its shards; null: there are none. */
async function readPack(store: StoreContext, blob: BlobRow, members: readonly Member[]): Promise<Uint8Array | null> {
  const isRight = (pack: Uint8Array) =>
    store.engine.crc64nvme(pack) === BigInt(`0x${blob.crc64nvme}`) &&
    members.every((member) => member.key === null || member.key.openBytes(bytesOf(pack, member)) !== null);
  const whole = await readBlob(store, blob, null);
  if (isRight(whole)) return whole;
  for (const shard of blob.shards.keys()) {
    const pack = await readBlob(store, blob, shard).catch((error: unknown) => {
      // Without it too few are left.
      if (error instanceof StoreError && error.failure.kind === "drives-unavailable") return null;
      throw error;
    });
    if (!pack || !isRight(pack)) continue;
    await store.metadata.blobs.noteDamage([{ blobId: blob.id, shard, cause: "corrupt" }], [], store.clock.now());
    return pack;
  }
  store.tell?.(`the encrypted objects in pack ${blob.id} stay where they are: they cannot be verified`);
  return null;
}

/** All of a blob, read without the shard `without`. */
async function readBlob(store: StoreContext, blob: BlobRow, without: number | null): Promise<Uint8Array> {
  const reader = new BlobReader(store, blob, { offset: 0, length: blob.sizeBytes });
  if (without !== null) reader.distrust(without);
  try {
    const bytes = new Uint8Array(blob.sizeBytes);
    let at = 0;
    for (let piece = await reader.next(); piece; piece = await reader.next()) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  } finally {
    await reader.cancel();
  }
}

import type { Allowance } from "../../base/byte-budget.ts";
import type { Geometry } from "../../erasure/geometry.ts";
import { shardBytes, stripeCount, stripeDataBytes } from "../../erasure/layout.ts";
import type { StripeBuffer } from "../../erasure/stripe-buffer.ts";
import type { BlobRow, ShardPlace } from "../../metadata/rows.ts";
import type { BodyCipher } from "../../sealing/body-cipher.ts";
import type { ObjectKey } from "../../sealing/object-key.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { idBytes, idTimeMs, newId } from "../placement/ids.ts";
import { drivesOfClass, placeShards } from "../placement/placement.ts";
import { requireSpace } from "../placement/require-space.ts";
import { type KeyOf, shardKey } from "../placement/shard-key.ts";
import { WRITE_SECONDS_MAX } from "../settings.ts";
import type { DigestName, Digests } from "../types.ts";
import { blobLayouts, isWide, type NewBlobLayout } from "./blob-layouts.ts";
import { type BlobSource, BodyPieces } from "./body-pieces.ts";
import { BufferedShards } from "./buffered-shards.ts";
import { DigestSet } from "./digests.ts";
import { ShardSet } from "./shard-set.ts";
import { isStripeCrc, StripeCrcs } from "./stripe-crcs.ts";

/** `sizeBytes` is that of the stored bytes, including tags if the body is sealed. */
export interface WrittenBlob extends BlobRow {
  /** Bytes of the body in it. */
  plainBytes: number;
}

export interface WrittenBody {
  /** The blobs that hold the body, one after the other. */
  blobs: WrittenBlob[];
  /** Number of bytes from the source: all that the blobs hold, or less if that was a bound. */
  sourceBytes: number;
  /** The requested ones, MD5, and, if the source's size is no bound, CRC-64/NVME. */
  digests: Digests;
}

export interface BodyWrite {
  source: BlobSource;
  geometry: Geometry;
  class: "small" | "large";
  /** The class whose drives are used; recorded with each blob. Absent: STANDARD. */
  storageClass?: string;
  /** Size of a full block, a multiple of 128; absent: the geometry's default. */
  blockBytes?: number;
  /** Names its shards; absent: as for objects. */
  keyOf?: KeyOf;
  /** Absent: it is stored plain. */
  sealing?: ObjectKey | null;
  /** Whether it may use the reserve of disks: it lets space be freed. */
  usesReserve?: true;
  /** Resolves when the request is known to have permission to write: no drive is touched before. */
  admitted: Promise<unknown>;
  /**
   * Step 4: throws to refuse the body. No drive has yet acknowledged its last blob, usually its
   * only one.
   */
  verify(digests: Digests): void;
}

/**
 * Steps 2 to 5 of the write protocol: streams a body of known, non-zero size through the codec onto
 * k+m drives. One piece of the body and at most two stripes are in memory. If a geometry is too
 * wide to stream, the body is cut into blobs. Each is kept in memory until it is complete; while it
 * is put, the next one is filled. Throws the errors of the source, `admitted` and `verify`, and
 * `StoreError` incomplete-body, no-space, too-slow or drives-unavailable. After an error or a crash
 * no shard is visible, or only shards that no row names: garbage.
 */
export async function writeBody(store: StoreContext, asked: BodyWrite): Promise<WrittenBody> {
  const { source } = asked;
  const room = asked.usesReserve ? null : requireSpace(store, { ...asked, sizeBytes: source.sizeBytes });
  const admitted = Promise.all([asked.admitted, room]);
  admitted.catch(() => {}); // it surfaces where it is awaited
  const write = { ...asked, admitted };
  // Padding would be part of the stripes' CRCs, but is not part of the body.
  const inStripes = source.sizeIsBound ? [] : source.digests.filter(isStripeCrc);
  const inPieces = source.digests.filter((name) => !(inStripes as readonly DigestName[]).includes(name));
  const computing = new DigestSet(["md5", ...inPieces], store.engine);
  const bytes = new BodyPieces(source, computing);
  const crcs = new StripeCrcs(inStripes);
  const body = new BlobSequence(store, write, bytes, crcs);
  try {
    await body.write();
    const digests = new Map([...(source.sizeIsBound ? [] : crcs.digests), ...(await bytes.finish())]); // 4
    write.verify(digests);
    const blobs = await body.close(); // 5
    // Only their age distinguishes shards that are being written from orphans.
    if (store.clock.now() - idTimeMs((blobs[0] as WrittenBlob).id) > WRITE_SECONDS_MAX * 1000) {
      throw new StoreError({ kind: "too-slow", secondsMax: WRITE_SECONDS_MAX });
    }
    return { blobs, sourceBytes: bytes.receivedBytes, digests };
  } catch (error) {
    computing.release();
    await body.abort();
    throw error;
  }
}

/** The blobs of a body, in order. One is on its way to its drives while the next is filled. */
class BlobSequence {
  readonly #store: StoreContext;
  readonly #write: BodyWrite;
  readonly #bytes: BodyPieces;
  readonly #crcs: StripeCrcs;
  readonly #rows: WrittenBlob[] = [];
  readonly #failedDrives = new Set<string>();
  #filling: BlobWriter | null = null;
  #closing: BlobWriter | null = null;
  #closed: Promise<void> = Promise.resolve();

  constructor(store: StoreContext, write: BodyWrite, bytes: BodyPieces, crcs: StripeCrcs) {
    this.#store = store;
    this.#write = write;
    this.#bytes = bytes;
    this.#crcs = crcs;
  }

  /** Steps 2 and 3, except the last blob's acknowledgement. */
  async write(): Promise<void> {
    const { source, geometry, blockBytes } = this.#write;
    const isBuffered = isWide(geometry) || source.readsDrives === true;
    const tagBytes = this.#write.sealing?.tagBytes ?? 0;
    const shape = {
      sizeBytes: source.sizeBytes,
      geometry,
      isBuffered,
      tagBytes,
      ...(blockBytes ? { blockBytes } : {}),
    };
    for (const layout of blobLayouts(shape)) {
      if (this.#filling) await this.#beginClosing(this.#filling);
      const parts = { write: this.#write, layout, failedDrives: this.#failedDrives, crcs: this.#crcs };
      this.#filling = new BlobWriter(this.#store, parts);
      if (isBuffered) await this.#filling.reserve(this.#bytes);
      for (let stripe = 0; stripe < stripeCount(layout); stripe++) await this.#filling.write(stripe, this.#bytes);
      await this.#filling.settle();
    }
  }

  async close(): Promise<WrittenBlob[]> {
    await this.#beginClosing(this.#filling as BlobWriter);
    await this.#closed;
    return this.#rows;
  }

  /** Never throws. */
  async abort(): Promise<void> {
    await Promise.all([this.#filling?.abort(), this.#closing?.abort()]);
    await this.#closed.catch(() => {});
  }

  /** Waits for the previous blob: at most two of each body are in memory. */
  async #beginClosing(blob: BlobWriter): Promise<void> {
    await this.#closed;
    this.#closing = blob;
    this.#closed = blob.close().then((row) => {
      this.#rows.push(row);
    });
    // The next blob awaits it; a failure before that must not count as unhandled.
    this.#closed.catch(() => {});
  }
}

interface BlobParts {
  layout: NewBlobLayout;
  write: BodyWrite;
  crcs: StripeCrcs;
  failedDrives: Set<string>;
}

/** Destination of a blob's frames: shards that are streamed, or kept in memory first. */
interface ShardSink {
  /** Memory that is held until the blob is complete. */
  readonly allowance?: Allowance;
  write(frames: readonly Uint8Array[]): Promise<void>;
  close(): Promise<ShardPlace[]>;
  abort(): Promise<void>;
}

/** Encodes the stripes of a blob; while one is on its way to the drives, the next is filled. */
class BlobWriter {
  readonly #store: StoreContext;
  readonly #id: string;
  readonly #idBytes: Uint8Array;
  readonly #layout: NewBlobLayout;
  readonly #parts: BlobParts;
  #cipher: BodyCipher | null = null;
  #crc64 = 0n;
  #shards: ShardSink | null = null;
  #onTheWay: Promise<void> = Promise.resolve();

  constructor(store: StoreContext, parts: BlobParts) {
    this.#store = store;
    this.#id = newId(store);
    this.#idBytes = idBytes(this.#id);
    this.#layout = parts.layout;
    this.#parts = parts;
  }

  /** Takes memory for the whole blob once its first bytes are there: waiting bodies hold none. */
  async reserve(bytes: BodyPieces): Promise<void> {
    await this.#parts.write.admitted;
    await bytes.arrived();
    this.#shards = await BufferedShards.open(
      this.#store.shardMemory,
      {
        engine: this.#store.engine,
        id: this.#id,
        layout: this.#layout,
        place: () => this.#place(),
        failedDrives: this.#parts.failedDrives,
        keyOf: this.#parts.write.keyOf ?? shardKey,
      },
      this.#store.clock,
    );
  }

  async write(stripe: number, bytes: BodyPieces): Promise<void> {
    const { sealing } = this.#parts.write;
    const { engine, clock } = this.#store;
    const dataBytes = stripeDataBytes(this.#layout, stripe);
    const filling = engine.fill({ geometry: this.#layout, dataBytes, tagBytes: sealing?.tagBytes ?? 0, clock });
    let buffer: StripeBuffer | undefined;
    try {
      await bytes.fill(filling, this.#held());
      buffer = filling.whole();
      const full = buffer;
      this.#parts.crcs.takePlain(buffer, Boolean(sealing));
      if (sealing) await this.#encrypt(buffer, stripe, sealing);
      const sealed = buffer.seal(this.#idBytes, stripe);
      this.#parts.crcs.takeStored(sealed);
      this.#shards ??= await this.#open();
      await this.#onTheWay;
      this.#onTheWay = this.#shards.write(sealed.frames).finally(() => full.release());
      // The next stripe awaits it; a failure before that must not count as unhandled.
      this.#onTheWay.catch(() => {});
    } catch (error) {
      filling.release();
      buffer?.release();
      throw error;
    }
  }

  /** Replaces the stripe's blocks by their sealed form. */
  async #encrypt(buffer: StripeBuffer, stripe: number, key: ObjectKey): Promise<void> {
    this.#cipher ??= await key.cipherOf(this.#idBytes, this.#layout.plainBytes, this.#store.sealing.blocks);
    const first = stripe * this.#layout.k;
    for (const [index, block] of buffer.blocks.entries()) {
      buffer.put(index, await this.#cipher.seal(first + index, block));
    }
  }

  #held() {
    const { allowance } = this.#shards ?? {};
    return allowance ? { allowance, clock: this.#store.clock } : null;
  }

  /** After the last stripe. */
  async settle(): Promise<void> {
    await this.#onTheWay;
    this.#crc64 = this.#parts.crcs.endBlob();
  }

  async close(): Promise<WrittenBlob> {
    const shards = await (this.#shards as ShardSink).close();
    const { k, m, blockBytes, blobBytes, plainBytes } = this.#layout;
    const crc64nvme = this.#crc64.toString(16).padStart(16, "0");
    const { storageClass = "STANDARD" } = this.#parts.write;
    return { id: this.#id, k, m, blockBytes, sizeBytes: blobBytes, plainBytes, crc64nvme, shards, storageClass };
  }

  async abort(): Promise<void> {
    await this.#shards?.abort();
    await this.#onTheWay.catch(() => {});
  }

  async #open(): Promise<ShardSink> {
    await this.#parts.write.admitted;
    const { keyOf } = this.#parts.write;
    return ShardSet.open(this.#store.engine, this.#id, this.#layout, { drives: this.#place(), keyOf });
  }

  /** Drives that have not failed, if there are enough of them. */
  #place() {
    const { k, m } = this.#layout;
    const { failedDrives, write } = this.#parts;
    const drives = drivesOfClass(this.#store, write.storageClass ?? "STANDARD");
    const place = { id: this.#id, count: k + m, shardBytes: shardBytes(this.#layout), class: write.class };
    const good = failedDrives.size === 0 ? drives : drives.filter(({ name }) => !failedDrives.has(name));
    const placed = placeShards(good, place) ?? placeShards(drives, place);
    if (!placed) throw new StoreError({ kind: "drives-unavailable", needed: k + m, available: 0 });
    return placed;
  }
}

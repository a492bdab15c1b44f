import { blockBytesFor, type Geometry } from "../erasure/geometry.ts";
import { type BlobLayout, shardBytes, stripeCount, stripeDataBytes } from "../erasure/layout.ts";
import type { StripeBuffer } from "../erasure/stripe-buffer.ts";
import type { BlobRow } from "../metadata/rows.ts";
import type { StoreContext } from "./context.ts";
import { DigestSet } from "./digests.ts";
import { StoreError } from "./failure.ts";
import { idBytes, idTimeMs, newId } from "./ids.ts";
import { placeShards } from "./placement.ts";
import { WRITE_SECONDS_MAX } from "./settings.ts";
import { ShardSet } from "./shard-set.ts";
import { isStripeCrc, StripeCrcs } from "./stripe-crcs.ts";
import type { DigestName, Digests } from "./types.ts";

/** Where a blob's bytes come from: the part of `IncomingBody` that needs no knowledge of requests. */
export interface BlobSource {
  readonly sizeBytes: number;
  /** True where `sizeBytes` is only the most that may come: zeros, which no digest covers, fill the rest of the blob. */
  readonly sizeIsBound?: boolean;
  readonly digests: readonly DigestName[];
  next(): Promise<Uint8Array | null>;
}

export interface WrittenBlob {
  row: BlobRow;
  /** What the source gave: the blob's size, or less where that was a bound. */
  sourceBytes: number;
  digests: Digests;
}

export interface BlobWrite {
  source: BlobSource;
  geometry: Geometry;
  class: "small" | "large";
  /** Size of a full block, a multiple of 128; absent: what suits the geometry. */
  blockBytes?: number;
  /** Resolves when the request is known to be allowed to write: no drive is touched before. */
  admitted: Promise<unknown>;
  /** Step 4: throws to refuse the body. Nothing was acknowledged by a drive yet. */
  verify(digests: Digests): void;
}

/**
 * Steps 2 to 5 of the write protocol: streams a body of known, non-zero size through the codec onto k+m drives. In memory are
 * one piece of the body and at most two stripes. Throws whatever the source, `admitted` or `verify` throw, and `StoreError`
 * incomplete-body, too-slow or drives-unavailable; after a throw or a crash no shard is visible, or such as no row names: garbage.
 */
export async function writeBlob(store: StoreContext, write: BlobWrite): Promise<WrittenBlob> {
  const { source, geometry } = write;
  const layout: BlobLayout = {
    ...geometry,
    blockBytes: Math.min(write.blockBytes ?? Number.POSITIVE_INFINITY, blockBytesFor(geometry, source.sizeBytes)),
    blobBytes: source.sizeBytes,
  };
  const id = newId(store);
  // Padding would be in the stripes' CRCs, but is not of the body.
  const inStripes = source.sizeIsBound ? [] : source.digests.filter(isStripeCrc);
  const inPieces = source.digests.filter((name) => !(inStripes as readonly DigestName[]).includes(name));
  const bytes = new BodyPieces(source, new DigestSet(["md5", ...inPieces], store.engine));
  const stripes = new StripeWriter(store, { id, layout, write, crcs: new StripeCrcs(inStripes) });
  try {
    for (let stripe = 0; stripe < stripeCount(layout); stripe++) await stripes.write(stripe, bytes);
    await stripes.settle();
    const digests = new Map([...(source.sizeIsBound ? [] : stripes.digests), ...(await bytes.finish())]); // 4
    write.verify(digests);
    const row = await stripes.close(); // 5
    // Nothing but their age tells shards that are being written from orphans.
    if (store.clock.now() - idTimeMs(id) > WRITE_SECONDS_MAX * 1000) {
      throw new StoreError({ kind: "too-slow", secondsMax: WRITE_SECONDS_MAX });
    }
    return { row, sourceBytes: bytes.receivedBytes, digests };
  } catch (error) {
    await stripes.abort();
    throw error;
  }
}

const PADDING = new Uint8Array(4096);

/** The body's pieces, cut to what stripes take, with the digests of all of it. */
class BodyPieces {
  readonly #source: BlobSource;
  readonly #digests: DigestSet;
  #rest: Uint8Array = new Uint8Array(0);
  #receivedBytes = 0;
  /** The source has ended below its bound, and what is left in `#rest` is padding. */
  #endedEarly = false;

  constructor(source: BlobSource, digests: DigestSet) {
    this.#source = source;
    this.#digests = digests;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Step 2: fills the stripe, copying each byte once, from the piece to the kernel's memory. */
  async fill(buffer: StripeBuffer): Promise<void> {
    while (buffer.missingBytes > 0) {
      if (this.#rest.length === 0) this.#rest = await this.#piece();
      this.#rest = this.#rest.subarray(buffer.append(this.#rest));
    }
  }

  /** The digests, once the source is found to hold no more than it declared. */
  async finish(): Promise<Digests> {
    if (this.#endedEarly) return this.#digests.finish();
    const surplus = this.#rest.length > 0 ? this.#rest : await this.#source.next();
    if (surplus !== null) throw new StoreError(this.#incomplete(surplus.length));
    return this.#digests.finish();
  }

  async #piece(): Promise<Uint8Array> {
    const piece = this.#endedEarly ? null : await this.#source.next();
    if (piece === null) {
      if (!this.#source.sizeIsBound) throw new StoreError(this.#incomplete(0));
      this.#endedEarly = true;
      return PADDING;
    }
    this.#receivedBytes += piece.length;
    this.#digests.update(piece);
    return piece;
  }

  #incomplete(surplusBytes: number) {
    const receivedBytes = this.#receivedBytes + surplusBytes;
    return { kind: "incomplete-body", expectedBytes: this.#source.sizeBytes, receivedBytes } as const;
  }
}

/** Encodes stripe after stripe; while one is on its way to the drives, the next is filled. */
class StripeWriter {
  readonly #store: StoreContext;
  readonly #id: string;
  readonly #idBytes: Uint8Array;
  readonly #layout: BlobLayout;
  readonly #write: BlobWrite;
  readonly #crcs: StripeCrcs;
  #shards: ShardSet | null = null;
  #onTheWay: Promise<void> = Promise.resolve();

  constructor(
    store: StoreContext,
    { id, layout, write, crcs }: { id: string; layout: BlobLayout; write: BlobWrite; crcs: StripeCrcs },
  ) {
    this.#store = store;
    this.#id = id;
    this.#idBytes = idBytes(id);
    this.#layout = layout;
    this.#write = write;
    this.#crcs = crcs;
  }

  /** The CRCs of all that was written, padding included. */
  get digests(): Digests {
    return this.#crcs.digests;
  }

  async write(stripe: number, bytes: BodyPieces): Promise<void> {
    const buffer = await this.#store.engine.acquire();
    try {
      buffer.begin(this.#layout, stripeDataBytes(this.#layout, stripe));
      await bytes.fill(buffer);
      const sealed = buffer.seal(this.#idBytes, stripe);
      this.#crcs.update(buffer, sealed);
      this.#shards ??= await this.#open();
      await this.#onTheWay;
      this.#onTheWay = this.#shards.write(sealed.frames).finally(() => buffer.release());
      // It is awaited by the next stripe; a failure before that must not count as unhandled.
      this.#onTheWay.catch(() => {});
    } catch (error) {
      buffer.release();
      throw error;
    }
  }

  async settle(): Promise<void> {
    await this.#onTheWay;
  }

  async close(): Promise<BlobRow> {
    const shards = await (this.#shards as ShardSet).close();
    const { k, m, blockBytes, blobBytes } = this.#layout;
    const crc64nvme = this.#crcs.crc64.toString(16).padStart(16, "0");
    return { id: this.#id, k, m, blockBytes, sizeBytes: blobBytes, crc64nvme, shards };
  }

  async abort(): Promise<void> {
    await this.#shards?.abort();
    await this.#onTheWay.catch(() => {});
  }

  async #open(): Promise<ShardSet> {
    await this.#write.admitted;
    const { k, m } = this.#layout;
    const place = { id: this.#id, count: k + m, shardBytes: shardBytes(this.#layout), class: this.#write.class };
    const drives = placeShards(this.#store.drives, place);
    if (!drives) throw new StoreError({ kind: "drives-unavailable", needed: k + m, available: 0 });
    return ShardSet.open(this.#store.engine, this.#id, this.#layout, drives);
  }
}

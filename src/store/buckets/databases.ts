import { withNamespace, withoutNamespaces } from "../../drives/namespace.ts";
import type { Metadata } from "../../metadata/metadata.ts";
import type { DatabaseSet, StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { withMetadata } from "../translate-metadata.ts";
import type { BucketName } from "../types.ts";
import { chooseDatabase } from "./choose-database.ts";

/** Number of buckets whose database an isolate remembers: about a megabyte. */
const REMEMBERED_MAX = 10_000;

/**
 * Buckets spread over several D1 databases. Each database is complete: a bucket is in one of them
 * with its objects, uploads, blobs and trash, and everything within a bucket is as consistent as
 * with one database. The first also has the directory from names to databases. A name keeps its
 * database permanently, so remembered entries never become wrong.
 */
class Databases implements DatabaseSet {
  readonly all: readonly StoreContext[];
  readonly #remembered = new Map<BucketName, StoreContext>();

  /**
   * `stores`: one per database; they differ only in their metadata and their view of the drives.
   */
  constructor(stores: readonly StoreContext[]) {
    this.all = stores.map((store) => ({ ...store, databases: this }));
  }

  get first(): StoreContext {
    return this.all[0] as StoreContext;
  }

  /**
   * The store of a bucket: no round trip if it is remembered, otherwise one to the first database.
   * For a name that was never used it is the first, which does not have the bucket either. Throws
   * `StoreError` metadata-unavailable.
   */
  async of(bucket: BucketName): Promise<StoreContext> {
    const remembered = this.#remembered.get(bucket);
    if (remembered) return this.#remember(bucket, remembered);
    const name = await withMetadata({ bucket }, () => this.first.metadata.placements.find(bucket));
    return name === null ? this.first : this.#remember(bucket, this.#named(bucket, name));
  }

  /**
   * The store in which to make the bucket: that of an earlier bucket of the same name, or one with
   * room. Throws as `of`.
   */
  async forNewBucket(bucket: BucketName): Promise<StoreContext> {
    const { placements } = this.first.metadata;
    const name = await withMetadata({ bucket }, async () => {
      const earlier = await placements.find(bucket);
      if (earlier !== null) return earlier;
      // Needed for their sizes. It also finds a bucket after the first database was restored to an
      // earlier time.
      const found = await Promise.all(this.all.map(({ metadata }) => metadata.buckets.find(bucket)));
      const sizes = this.all.map(({ metadata }) => metadata.identity.knownSizeBytes);
      const holder = found.findIndex((row) => row !== null);
      const chosen = this.all[holder < 0 ? chooseDatabase(sizes, this.#lot()) : holder] as StoreContext;
      // The name is claimed before the bucket is made. A crash in between leaves a name in the
      // database in which the bucket will be made next time.
      return placements.claim(bucket, chosen.metadata.identity.name);
    });
    return this.#remember(bucket, this.#named(bucket, name));
  }

  /**
   * A bucket may date from the time when the first database was the only one: its name has no entry
   * yet.
   */
  async keepName(bucket: BucketName, store: StoreContext): Promise<void> {
    const { name } = store.metadata.identity;
    await withMetadata({ bucket }, () => this.first.metadata.placements.claim(bucket, name));
  }

  /** The least recently used entry is removed. */
  #remember(bucket: BucketName, store: StoreContext): StoreContext {
    this.#remembered.delete(bucket);
    this.#remembered.set(bucket, store);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > REMEMBERED_MAX && oldest !== undefined) this.#remembered.delete(oldest);
    return store;
  }

  #named(bucket: BucketName, name: string): StoreContext {
    const store = this.all.find(({ metadata }) => metadata.identity.name === name);
    if (store) return store;
    const cause = new Error(`bucket ${bucket} lies in database ${name}, which SHERD_DATABASES does not name`);
    throw new StoreError({ kind: "metadata-unavailable" }, { cause });
  }

  #lot(): number {
    const bytes = this.first.random(4);
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) / 2 ** 32;
  }
}

/**
 * One store for each of `databases`. They share the drives, and each sees only its own shards.
 * Returns the first.
 */
export function openStores(databases: readonly Metadata[], parts: Omit<StoreContext, "metadata">): StoreContext {
  const [first, ...others] = databases as [Metadata, ...Metadata[]];
  if (others.length === 0) return { ...parts, metadata: first };
  const stores = others.map((metadata) => {
    const drives = parts.drives.map((drive) => withNamespace(drive, metadata.identity.name));
    return { ...parts, metadata, drives };
  });
  return new Databases([{ ...parts, metadata: first, drives: parts.drives.map(withoutNamespaces) }, ...stores]).first;
}

/**
 * The store of the bucket's database, from any of them; `store` itself if no bucket is named.
 * Throws as `Databases.of`.
 */
export async function storeOf(store: StoreContext, bucket: BucketName): Promise<StoreContext> {
  return store.databases && bucket !== "" ? store.databases.of(bucket) : store;
}

/** Whether the store's database is the first. Only the first has data that belongs to no bucket. */
export function isFirstDatabase({ databases, metadata }: StoreContext): boolean {
  return databases === undefined || databases.all[0]?.metadata === metadata;
}

/** The stores of all databases, the first one first. */
export function allStores(store: StoreContext): readonly StoreContext[] {
  return store.databases?.all ?? [store];
}

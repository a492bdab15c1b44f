import type { ListPosition } from "../../metadata/objects/listing.ts";
import { foundBucket } from "../buckets/admission.ts";
import type { StoreContext } from "../context.ts";
import { withMetadata } from "../translate-metadata.ts";
import type { BucketName, ChecksumAlgorithm, ChecksumType, ObjectKey } from "../types.ts";

export type { ListPosition };

export type ListEntry =
  | {
      kind: "object";
      key: ObjectKey;
      sizeBytes: number;
      etag: string;
      modifiedMs: number;
      storageClass: string;
      /** Canonical user id. */
      owner: string;
      checksum?: { algorithm: ChecksumAlgorithm; type: ChecksumType };
    }
  | { kind: "prefix"; prefix: string };

export interface ListObjects {
  bucket: BucketName;
  prefix: string;
  /** "" for none. */
  delimiter: string;
  after: ListPosition;
  /** Objects and common prefixes together; 0 gives an empty page that is not truncated. */
  limit: number;
}

export interface ListedPage {
  /** Of the bucket. */
  region: string;
  /** In order of the UTF-8 bytes of keys and prefixes. */
  entries: ListEntry[];
  truncated: boolean;
  /** Beginning of the next page; present if truncated. */
  next?: ListPosition;
}

/**
 * A page of a bucket in one D1 round trip; reads no row outside the page. Throws `StoreError`
 * no-such-bucket.
 */
export async function listObjects(store: StoreContext, query: ListObjects): Promise<ListedPage> {
  const { bucket, limit } = query;
  const found = await withMetadata({ bucket }, () => store.metadata.listing.objects(query));
  const { owner, region } = foundBucket(store, found?.bucket, bucket);
  const rows = found?.entries ?? [];
  const entries = rows.slice(0, limit).map((row): ListEntry => {
    if (row.kind === "prefix") return row;
    const { kind, key, sizeBytes, etag, modifiedMs, storageClass } = row;
    const object = { kind, key, sizeBytes, etag, modifiedMs, storageClass, owner: row.owner ?? owner };
    if (!row.checksum) return object;
    const { algorithm, type } = row.checksum as { algorithm: ChecksumAlgorithm; type: ChecksumType };
    return { ...object, checksum: { algorithm, type } };
  });
  const last = entries.at(-1);
  if (rows.length <= limit || !last) return { region, entries, truncated: false };
  const next = last.kind === "object" ? { key: last.key, skipPrefix: false } : { key: last.prefix, skipPrefix: true };
  return { region, entries, truncated: true, next };
}

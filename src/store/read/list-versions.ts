import type { ListedVersion, VersionPosition } from "../../metadata/objects/listing.ts";
import { foundBucket } from "../buckets/admission.ts";
import type { StoreContext } from "../context.ts";
import { withMetadata } from "../translate-metadata.ts";
import type { BucketName, ChecksumAlgorithm, ChecksumType, ObjectKey } from "../types.ts";
import { formatVersionId, parseVersionId } from "../version-id.ts";

export interface VersionEntry {
  kind: "version";
  key: ObjectKey;
  /** As S3 prints it; "null" in a bucket that never had versions. */
  versionId: string;
  /** The key names it now, or it is the delete marker that hides the key. */
  isLatest: boolean;
  isMarker: boolean;
  sizeBytes: number;
  etag: string;
  modifiedMs: number;
  storageClass: string;
  /** Canonical user id. */
  owner: string;
  checksum?: { algorithm: ChecksumAlgorithm; type: ChecksumType };
}

/** Beginning of a page of versions: after this version, or after all of the key's. */
export interface VersionMarker {
  key: ObjectKey;
  /** An id that `parseVersionId` reads. */
  versionId?: string;
  /**
   * Whether every key that begins with `key` is skipped too: it is a common prefix that was listed.
   */
  skipPrefix?: boolean;
}

export interface ListVersions {
  bucket: BucketName;
  prefix: string;
  /** "" for none. */
  delimiter: string;
  after: VersionMarker;
  /** Versions, delete markers and common prefixes together; 0 gives an empty page that is not truncated. */
  limit: number;
}

export interface VersionsPage {
  /** Of the bucket. */
  region: string;
  /** By key, the newest version first. */
  entries: (VersionEntry | { kind: "prefix"; prefix: string })[];
  truncated: boolean;
  /** Beginning of the next page; present if truncated. */
  next?: VersionMarker;
}

/** A page of a bucket's versions and delete markers in one D1 round trip. Throws `StoreError` no-such-bucket. */
export async function listVersions(store: StoreContext, query: ListVersions): Promise<VersionsPage> {
  const { bucket, limit } = query;
  const after = position(query.after);
  const found = await withMetadata({ bucket }, () => store.metadata.listing.versions({ ...query, after }));
  const { owner, region } = foundBucket(store, found?.bucket, bucket);
  const rows = found?.entries ?? [];
  const entries = rows.slice(0, limit).map((row) => (row.kind === "prefix" ? row : versionEntry(row, owner)));
  const last = rows.slice(0, limit).at(-1);
  if (rows.length <= limit || !last) return { region, entries, truncated: false };
  const next =
    last.kind === "prefix" ? { key: last.prefix, skipPrefix: true } : { key: last.key, versionId: placeOf(last) };
  return { region, entries, truncated: true, next };
}

/**
 * A version id that states the version's position within its key, even if the version is deleted or
 * replaced before the next page. "null" does not state it if the key has other versions; the null
 * version then gets the id that it would have otherwise.
 */
function placeOf(row: ListedVersion): string {
  const isAlone = row.isNull && row.isLatest && row.seq === 1;
  return isAlone ? "null" : formatVersionId({ ...row, isNull: false });
}

function position({ key, versionId, skipPrefix = false }: VersionMarker): VersionPosition {
  if (versionId === undefined) return { key, skipPrefix };
  const ref = parseVersionId(versionId);
  if (ref === null) throw new Error(`no version can be ${versionId}: to be refused before`);
  return { key, skipPrefix, seq: ref.kind === "null" ? "null" : ref.seq };
}

function versionEntry(row: ListedVersion, bucketOwner: string): VersionEntry {
  const { kind, key, isLatest, isMarker, sizeBytes, etag, modifiedMs, storageClass, checksum } = row;
  const owner = row.owner ?? bucketOwner;
  const entry = { kind, key, isLatest, isMarker, sizeBytes, etag, modifiedMs, storageClass, owner };
  const versionId = formatVersionId(row);
  if (!checksum) return { ...entry, versionId };
  const { algorithm, type } = checksum as { algorithm: ChecksumAlgorithm; type: ChecksumType };
  return { ...entry, versionId, checksum: { algorithm, type } };
}

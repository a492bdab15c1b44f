import type { AwsClient } from "../client.ts";
import { children, textAt, urlDecoded } from "../xml.ts";

/** One row of a listing: an object, a version, a delete marker, or a common prefix. */
export interface Entry {
  kind: "object" | "prefix" | "marker";
  key: string;
  sizeBytes: number;
  modifiedMs: number;
  storageClass: string;
  etag: string;
  /** In a listing of versions. */
  versionId?: string;
  isLatest?: boolean;
}

export interface Page {
  entries: Entry[];
  /** Where the next page begins; null: this is the last. */
  next: string | null;
}

export interface Listing {
  bucket: string;
  prefix: string;
  /** `/`, or `""` for all keys below the prefix. */
  delimiter: string;
  /** All versions and delete markers, instead of the current objects. */
  versions: boolean;
}

/** Keys of one request: S3 gives no more. */
export const PAGE_KEYS = 1_000;

/** One page of a listing. Keys arrive percent-encoded, so those that XML cannot hold are right too. */
export async function listPage(
  client: AwsClient,
  listing: Listing,
  from: string | null,
  signal?: AbortSignal,
): Promise<Page> {
  return listing.versions ? listVersions(client, listing, from, signal) : listObjects(client, listing, from, signal);
}

async function listObjects(
  client: AwsClient,
  listing: Listing,
  from: string | null,
  signal?: AbortSignal,
): Promise<Page> {
  const { bucket, prefix, delimiter } = listing;
  const root = await client.s3Xml({
    path: `/${bucket}`,
    query: {
      "list-type": "2",
      "encoding-type": "url",
      "max-keys": String(PAGE_KEYS),
      prefix,
      delimiter: delimiter || undefined,
      "continuation-token": from ?? undefined,
    },
    signal,
  });
  const entries = [...children(root, "Contents").map((one) => objectEntry(one)), ...prefixes(root)];
  const next = textAt(root, "IsTruncated") === "true" ? textAt(root, "NextContinuationToken") : null;
  return { entries: entries.sort(byKey), next };
}

async function listVersions(
  client: AwsClient,
  listing: Listing,
  from: string | null,
  signal?: AbortSignal,
): Promise<Page> {
  const { bucket, prefix, delimiter } = listing;
  const [keyMarker, versionMarker] = from === null ? [] : (JSON.parse(from) as [string, string]);
  const root = await client.s3Xml({
    path: `/${bucket}`,
    query: {
      versions: "",
      "encoding-type": "url",
      "max-keys": String(PAGE_KEYS),
      prefix,
      delimiter: delimiter || undefined,
      "key-marker": keyMarker,
      "version-id-marker": versionMarker || undefined,
    },
    signal,
  });
  const entries = [...root.children].flatMap((one): Entry[] => {
    if (one.localName !== "Version" && one.localName !== "DeleteMarker") return [];
    const facts = { versionId: textAt(one, "VersionId"), isLatest: textAt(one, "IsLatest") === "true" };
    return [{ ...objectEntry(one), ...facts, kind: one.localName === "Version" ? "object" : "marker" }];
  });
  const next = [urlDecoded(textAt(root, "NextKeyMarker")), textAt(root, "NextVersionIdMarker")];
  return {
    entries: [...entries, ...prefixes(root)].sort(byKey),
    next: textAt(root, "IsTruncated") === "true" ? JSON.stringify(next) : null,
  };
}

/** All versions of one key, the newest first; at most a page. */
export async function versionsOf(client: AwsClient, bucket: string, key: string): Promise<Entry[]> {
  const { entries } = await listPage(client, { bucket, prefix: key, delimiter: "", versions: true }, null);
  return entries.filter((entry) => entry.key === key);
}

function objectEntry(one: Element): Entry {
  return {
    kind: "object",
    key: urlDecoded(textAt(one, "Key")),
    sizeBytes: Number(textAt(one, "Size")),
    modifiedMs: Date.parse(textAt(one, "LastModified")),
    storageClass: textAt(one, "StorageClass"),
    etag: textAt(one, "ETag").replaceAll('"', ""),
  };
}

function prefixes(root: Element): Entry[] {
  return children(root, "CommonPrefixes").map((one) => ({
    ...{ kind: "prefix", key: urlDecoded(textAt(one, "Prefix")), etag: "" },
    ...{ sizeBytes: 0, modifiedMs: Number.NaN, storageClass: "" },
  }));
}

function byKey(a: Entry, b: Entry): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

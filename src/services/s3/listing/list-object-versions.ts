import type { Answer } from "../../../edge/answer.ts";
import { element, optional, type Xml, xmlDocument, xmlTime } from "../../../protocols/rest-xml/write.ts";
import {
  listVersions as listStored,
  type VersionEntry,
  type VersionMarker,
  type VersionsPage,
} from "../../../store/read/list-versions.ts";
import { BUCKET_REGION } from "../gate/bucket-region.ts";
import type { Call } from "../handler.ts";
import { quoteEtag } from "../objects/etag.ts";
import { checkVersionId } from "../objects/version-id.ts";
import { checksumListing, commonPrefixes, ownersOf } from "./contents.ts";
import {
  checkOptionalAttributes,
  invalidArgument,
  type NameEncoding,
  PAGE_ENTRIES_MAX,
  parseCount,
  parseEncoding,
  positionAfter,
} from "./parameters.ts";

/** GET /bucket?versions: every version and delete marker, by key and newest first. */
export async function listObjectVersions(call: Call): Promise<Answer> {
  const { query, bucket, store } = call;
  const maxKeys = Math.min(parseCount(query, "max-keys", PAGE_ENTRIES_MAX), PAGE_ENTRIES_MAX);
  const encoding = parseEncoding(query);
  checkOptionalAttributes(call.headers);
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const after = parseMarkers(query, { prefix, delimiter });

  const page = await listStored(store, { bucket, prefix, delimiter, after, limit: maxKeys });
  const { next } = page;
  const body = xmlDocument(
    "ListVersionsResult",
    element("Name", bucket),
    element("Prefix", encoding.encode(prefix)),
    element("KeyMarker", encoding.encode(after.key)),
    element("VersionIdMarker", after.versionId ?? ""),
    optional("NextKeyMarker", next === undefined ? undefined : encoding.encode(next.key)),
    // A common prefix has no versions: paginators would send an empty marker back, and be refused.
    optional("NextVersionIdMarker", next?.versionId),
    element("MaxKeys", maxKeys),
    optional("Delimiter", delimiter === "" ? undefined : encoding.encode(delimiter)),
    optional("EncodingType", encoding.type),
    element("IsTruncated", page.truncated),
    versionElements(page.entries, encoding),
  );
  return { status: 200, headers: { [BUCKET_REGION]: page.region }, body };
}

function parseMarkers(query: URLSearchParams, listing: { prefix: string; delimiter: string }): VersionMarker {
  const key = query.get("key-marker") ?? "";
  const versionId = query.get("version-id-marker");
  if (versionId === null) return positionAfter(key, listing);
  const name = "version-id-marker";
  if (key === "") {
    throw invalidArgument(name, versionId, "A version-id marker cannot be specified without a key marker.");
  }
  if (versionId === "") throw invalidArgument(name, versionId, "A version-id marker cannot be empty.");
  checkVersionId(versionId, name);
  return { key, versionId };
}

function versionElements(entries: VersionsPage["entries"], encoding: NameEncoding): Xml[] {
  const ownerOf = ownersOf(true);
  const versions: Xml[] = [];
  const prefixes: Xml[] = [];
  for (const entry of entries) {
    if (entry.kind === "prefix") prefixes.push(commonPrefixes(entry.prefix, encoding));
    else {
      const write = entry.isMarker ? markerElement : versionElement;
      versions.push(write(entry, encoding, ownerOf(entry.owner)));
    }
  }
  return [...versions, ...prefixes];
}

function identity(entry: VersionEntry, encoding: NameEncoding): Xml[] {
  return [
    element("Key", encoding.encode(entry.key)),
    element("VersionId", entry.versionId),
    element("IsLatest", entry.isLatest),
    element("LastModified", xmlTime(entry.modifiedMs)),
  ];
}

function markerElement(marker: VersionEntry, encoding: NameEncoding, owner: Xml | undefined): Xml {
  return element("DeleteMarker", identity(marker, encoding), owner);
}

function versionElement(version: VersionEntry, encoding: NameEncoding, owner: Xml | undefined): Xml {
  return element(
    "Version",
    identity(version, encoding),
    element("ETag", quoteEtag(version.etag)),
    checksumListing(version.checksum),
    element("Size", version.sizeBytes),
    owner,
    element("StorageClass", version.storageClass),
  );
}

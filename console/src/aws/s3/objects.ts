import type { AwsClient } from "../client.ts";
import { AwsError } from "../errors.ts";
import { encodeKey, objectPath } from "../keys.ts";
import { children, escapeXml, textAt } from "../xml.ts";

export interface ObjectRef {
  bucket: string;
  key: string;
  versionId?: string | undefined;
}

/** Headers that are kept with an object and returned as they were sent. */
export const SYSTEM_HEADERS = [
  "content-type",
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "expires",
] as const;

export interface ObjectHead {
  sizeBytes: number;
  modifiedMs: number;
  etag: string;
  contentType: string;
  storageClass: string;
  versionId: string | null;
  encryption: string | null;
  restore: string | null;
  /** Of `SYSTEM_HEADERS`, those that are set. */
  system: Record<string, string>;
  /** Without `x-amz-meta-`. */
  metadata: Record<string, string>;
  checksums: { algorithm: string; value: string }[];
  checksumType: string | null;
  retention: { mode: string; until: string } | null;
  legalHold: boolean | null;
}

/** HeadObject, with checksums. */
export async function headObject(client: AwsClient, ref: ObjectRef): Promise<ObjectHead> {
  const headers = { "x-amz-checksum-mode": "ENABLED" };
  const response = await client.s3({
    method: "HEAD",
    path: objectPath(ref.bucket, ref.key),
    query: versionQuery(ref),
    headers,
  });
  const of = (name: string) => response.headers.get(name);
  const all = [...response.headers];
  const starting = (prefix: string) =>
    all.filter(([name]) => name.startsWith(prefix)).map(([name, value]) => [name.slice(prefix.length), value] as const);
  const until = of("x-amz-object-lock-retain-until-date");
  const hold = of("x-amz-object-lock-legal-hold");
  return {
    sizeBytes: Number(of("content-length")),
    modifiedMs: Date.parse(of("last-modified") ?? ""),
    etag: of("etag")?.replaceAll('"', "") ?? "",
    contentType: of("content-type") ?? "",
    storageClass: of("x-amz-storage-class") ?? "STANDARD",
    versionId: of("x-amz-version-id"),
    encryption:
      of("x-amz-server-side-encryption") ?? (of("x-amz-server-side-encryption-customer-algorithm") && "SSE-C"),
    restore: of("x-amz-restore"),
    system: Object.fromEntries(SYSTEM_HEADERS.flatMap((name) => (of(name) === null ? [] : [[name, of(name) ?? ""]]))),
    metadata: Object.fromEntries(starting("x-amz-meta-")),
    checksums: starting("x-amz-checksum-")
      .filter(([name]) => name !== "type")
      .map(([name, value]) => ({ algorithm: name.toUpperCase(), value })),
    checksumType: of("x-amz-checksum-type"),
    retention: until === null ? null : { mode: of("x-amz-object-lock-mode") ?? "", until },
    legalHold: hold === null ? null : hold === "ON",
  };
}

/** Whether there is such an object. What the caller may not look at counts as absent: the write's own condition decides then. */
export async function objectExists(client: AwsClient, ref: ObjectRef): Promise<boolean> {
  try {
    await headObject(client, ref);
    return true;
  } catch (error) {
    if (error instanceof AwsError && error.status >= 400 && error.status < 500) return false;
    throw error;
  }
}

/** A range of the bytes, or all. */
export async function getObject(
  client: AwsClient,
  ref: ObjectRef,
  range?: string,
  signal?: AbortSignal,
): Promise<Response> {
  return client.s3({ path: objectPath(ref.bucket, ref.key), query: versionQuery(ref), headers: { range }, signal });
}

/** Nothing but its name: how S3 has folders. */
export async function createFolder(client: AwsClient, bucket: string, key: string): Promise<void> {
  await client.s3({ method: "PUT", path: objectPath(bucket, key), body: "", headers: { "if-none-match": "*" } });
}

export interface CopyOptions {
  /** Replaces what is kept with the object; absent: as in the source. */
  headers?: Readonly<Record<string, string>>;
  storageClass?: string;
  mayReplace?: boolean;
}

/** Copies a version, with its tags. Moves no bytes in the store. */
export async function copyObject(
  client: AwsClient,
  from: ObjectRef,
  to: ObjectRef,
  options: CopyOptions = {},
): Promise<void> {
  const version = from.versionId === undefined ? "" : `?versionId=${encodeURIComponent(from.versionId)}`;
  const source = `/${from.bucket}/${encodeKey(from.key)}${version}`;
  const headers = {
    "x-amz-copy-source": source,
    "x-amz-metadata-directive": options.headers === undefined ? undefined : "REPLACE",
    "x-amz-storage-class": options.storageClass,
    "if-none-match": options.mayReplace ? undefined : "*",
    ...options.headers,
  };
  await client.s3Xml({ method: "PUT", path: objectPath(to.bucket, to.key), headers });
}

/** Renames in place: one step, in which no reader finds neither name or both. */
export async function renameObject(client: AwsClient, bucket: string, from: string, to: string): Promise<void> {
  await client.s3({
    method: "PUT",
    path: objectPath(bucket, to),
    query: { renameObject: "" },
    headers: { "x-amz-rename-source": `/${encodeKey(from)}`, "if-none-match": "*" },
  });
}

export type Tags = [string, string][];

export async function getTags(client: AwsClient, ref: ObjectRef): Promise<Tags> {
  const root = await client.s3Xml({
    path: objectPath(ref.bucket, ref.key),
    query: { tagging: "", ...versionQuery(ref) },
  });
  const set = children(root, "TagSet")[0] ?? root;
  return children(set, "Tag").map((tag) => [textAt(tag, "Key"), textAt(tag, "Value")]);
}

export async function putTags(client: AwsClient, ref: ObjectRef, tags: Tags): Promise<void> {
  const items = tags.map(([key, value]) => `<Tag><Key>${escapeXml(key)}</Key><Value>${escapeXml(value)}</Value></Tag>`);
  const body = `<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TagSet>${items.join("")}</TagSet></Tagging>`;
  await client.s3({
    method: "PUT",
    path: objectPath(ref.bucket, ref.key),
    query: { tagging: "", ...versionQuery(ref) },
    body,
  });
}

/** `until` is an ISO 8601 date. Shortening needs the right to bypass, and is possible in GOVERNANCE only. */
export async function putRetention(
  client: AwsClient,
  ref: ObjectRef,
  retention: { mode: string; until: string; bypass: boolean },
): Promise<void> {
  const body = `<Retention xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Mode>${retention.mode}</Mode><RetainUntilDate>${retention.until}</RetainUntilDate></Retention>`;
  const headers = { "x-amz-bypass-governance-retention": retention.bypass ? "true" : undefined };
  const query = { retention: "", ...versionQuery(ref) };
  await client.s3({ method: "PUT", path: objectPath(ref.bucket, ref.key), query, headers, body });
}

export async function putLegalHold(client: AwsClient, ref: ObjectRef, isOn: boolean): Promise<void> {
  const body = `<LegalHold xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>${isOn ? "ON" : "OFF"}</Status></LegalHold>`;
  const query = { "legal-hold": "", ...versionQuery(ref) };
  await client.s3({ method: "PUT", path: objectPath(ref.bucket, ref.key), query, body });
}

export interface LinkOptions {
  expiresSeconds: number;
  /** Saved under this name instead of being shown. */
  saveAs?: string;
  /** Shown as this type, whatever the object's own. */
  contentType?: string;
}

/** A URL by which anybody reads the object until it expires. */
export async function shareLink(client: AwsClient, ref: ObjectRef, options: LinkOptions): Promise<string> {
  const { expiresSeconds, saveAs, contentType } = options;
  const disposition = saveAs === undefined ? undefined : `attachment; filename*=UTF-8''${encodeKey(saveAs)}`;
  return client.presign({
    path: objectPath(ref.bucket, ref.key),
    query: {
      ...versionQuery(ref),
      "response-content-disposition": disposition,
      "response-content-type": contentType,
    },
    expiresSeconds,
  });
}

/** A URL to which anybody may PUT this one object until it expires. */
export async function uploadLink(client: AwsClient, ref: ObjectRef, expiresSeconds: number): Promise<string> {
  return client.presign({ method: "PUT", path: objectPath(ref.bucket, ref.key), expiresSeconds });
}

/** Of a reference that names a version. */
export function versionQuery({ versionId }: ObjectRef): { versionId?: string } {
  return versionId === undefined ? {} : { versionId };
}

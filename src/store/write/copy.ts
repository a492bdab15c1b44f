import { toBase64, toHex } from "../../base/bytes.ts";
import type { NewVersion } from "../../metadata/objects/commit.ts";
import type { FoundForCopy } from "../../metadata/objects/objects.ts";
import type { ContentRow, ExtentRow, ObjectRow } from "../../metadata/rows.ts";
import { etagIsMd5 } from "../../sealing/object-encryption.ts";
import { copyAnnotations } from "../annotations/copy-annotations.ts";
import { requireAnnotatable } from "../annotations/seal-annotations.ts";
import { foundBucket, newObjectAccess } from "../buckets/admission.ts";
import { storeOf } from "../buckets/databases.ts";
import { lockFor, tagRows } from "../buckets/lock-and-tags.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { newsOf } from "../news.ts";
import { newId } from "../placement/ids.ts";
import { haveSameDrives } from "../placement/placement.ts";
import { requireSpace } from "../placement/require-space.ts";
import { type Content, ObjectBody } from "../read/object-body.ts";
import { objectHead } from "../read/object-head.ts";
import { foundVersion, type ObjectName, versionRef } from "../read/objects.ts";
import { writeBlobsAgain, writeInlineAgain } from "../rewrite/write-again.ts";
import type { EncryptionRequest } from "../sealed/encryption.ts";
import { described, isSameKey, type NewSealing, newSealing, readmittedSealing } from "../sealed/new-sealing.ts";
import { encryptionOf, openSealing } from "../sealed/open-content.ts";
import { withMetadata } from "../translate-metadata.ts";
import type {
  Attributes,
  Bucket,
  BucketName,
  ChecksumAlgorithm,
  DigestName,
  Digests,
  ObjectChecksum,
  ObjectHead,
  ObjectKey,
  ObjectLock,
  Tags,
  WriteCondition,
  WriteResult,
} from "../types.ts";
import { commitVersion } from "./commit-version.ts";
import { DigestSet } from "./digests.ts";
import { extentsOver } from "./extents.ts";
import { blobShape, encryptedAs } from "./write.ts";
import type { WrittenBlob } from "./write-blob.ts";

export interface CopyObject {
  bucket: BucketName;
  key: ObjectKey;
  source: ObjectName;
  /** Throws to refuse the source, or the two buckets. */
  check(head: ObjectHead, buckets: { source: Bucket; target: Bucket }): void;
  attributes: Attributes | "copy";
  /** With attributes "copy": the copy's own, never the source's. Absent or null: none. */
  websiteRedirectLocation?: string | null;
  /** Absent: as "copy". */
  tags?: Tags | "copy";
  /** The source's is never copied. Absent: the bucket's default retention. */
  lock?: ObjectLock;
  storageClass: string;
  /** The source's annotations are left out. */
  withoutAnnotations?: boolean;
  /** Absent: the copy keeps its source's checksum, and its annotations keep theirs. */
  checksumAlgorithm?: ChecksumAlgorithm;
  condition?: WriteCondition;
  /** Absent: the default of the target's bucket or the deployment, whatever the source has. */
  encryption?: EncryptionRequest;
}

export interface CopyResult extends WriteResult {
  /** Of the source; present if its bucket has or had versions. */
  sourceVersionId?: string;
}

type Source = ObjectRow & ContentRow;

/** The source's attributes, except its redirect location. */
function copiedAttributes({ attributes }: ObjectHead, { websiteRedirectLocation }: CopyObject): Attributes {
  const { websiteRedirectLocation: _, ...system } = attributes.system;
  const own = websiteRedirectLocation ? { websiteRedirectLocation } : {};
  return { ...attributes, system: { ...system, ...own } };
}

/**
 * Copies an object of any size in two D1 round trips, without moving a byte: the copy refers to the
 * same blobs. Bytes are read only for a checksum that the source does not have. They are rewritten
 * only for a storage class with another geometry, if the buckets are in different databases, or if
 * the copy is to be encrypted under another key. Otherwise the object's key is sealed again for its
 * new place. ETag and parts stay the source's, except for ETags that are no MD5s (SSE-KMS, SSE-C).
 * Annotations are read in one more round trip, if there are any. Throws the errors of `check`,
 * `openSealing` and `newSealing`, and `StoreError` no-such-bucket, no-such-key, conflict (the
 * source's blobs were collected meanwhile), precondition-failed, precondition-no-such-key,
 * drives-unavailable, metadata-unavailable; bucket-changed if its encryption changed meanwhile;
 * not-annotatable if the copy is to be encrypted with a client's key and to have annotations.
 */
export async function copyObject(store: StoreContext, copy: CopyObject): Promise<CopyResult> {
  const { bucket, key } = copy;
  const found = await openSource(store, copy.source, { bucket, key });
  const target = foundBucket(store, found.bucket, bucket);
  const head = objectHead(found.source, found.sourceBucket);
  copy.check(head, { source: found.sourceBucket, target });
  await requireSpace(store, null);
  const id = newId(store);
  const sealings = await sealingsOf(store, copy, { ...found, target });
  if (found.source.annotations > 0 && !copy.withoutAnnotations) requireAnnotatable(sealings.target?.wrapper.form);
  const place = { key, versionId: id };
  const describe = (into: Bucket, sealing: NewSealing | null) => ({
    lock: lockFor(store, into, copy.lock),
    attributes: {
      ...(copy.attributes === "copy" ? copiedAttributes(head, copy) : copy.attributes),
      ...newObjectAccess(store, into),
      ...described(sealing, into, place),
    },
  });
  const source = { ...found.source, objectKey: sealings.source?.key ?? null };
  const copied = await contentOfCopy({ store, from: found.from, sealings }, source, id, copy);
  const { checksum, blobs, content } = copied;
  let version: NewVersion = {
    bucket: target,
    key,
    id,
    sizeBytes: head.sizeBytes,
    etag: etagOfCopy(store, head.etag, { sealings, md5: copied.md5 }),
    modifiedMs: store.clock.now(),
    storageClass: copy.storageClass,
    checksum: checksum ?? null,
    tags: tagRows(copy.tags === undefined || copy.tags === "copy" ? head.tags : copy.tags),
    ...describe(target, sealings.target),
    parts: partsOfCopy(found.source, checksum),
    ...content,
  };
  const annotations = copy.withoutAnnotations
    ? undefined
    : await copyAnnotations({ store, from: found.from, sealings }, found.source, copy);
  const commit = {
    version,
    news: newsOf(store, "ObjectCreated:Copy", { hasAnnotations: annotations !== undefined }),
    ...(annotations ? { annotations } : {}),
    ...(blobs ? { blobs } : { sharedBlobIds: blobIds(content.extents) }),
    ...(copy.condition ? { condition: copy.condition } : {}),
  };
  const describeIn = async (into: Bucket) => {
    const again = describe(into, await sealingIn(store, into, copy, sealings.target));
    version = { ...version, ...again };
    return again;
  };
  const committed = await commitVersion(store, bucket, commit, { describeIn });
  return {
    id,
    ...committed,
    ...(head.versionId === undefined ? {} : { sourceVersionId: head.versionId }),
    ...encryptedAs(version),
    etag: version.etag,
    modifiedMs: version.modifiedMs,
    ...(checksum ? { checksum } : {}),
  };
}

/** Sealings of the source's bytes and of the copy's. */
interface Sealings {
  source: NewSealing | null;
  target: NewSealing | null;
  /** The copy and its source have different keys, so its bytes are rewritten. */
  isRekeyed: boolean;
}

async function sealingsOf(
  store: StoreContext,
  { source: name, key, encryption }: CopyObject,
  found: { source: Source; sourceBucket: Bucket; from: StoreContext; target: Bucket },
): Promise<Sealings> {
  const row = { ...found.source, bucket: found.sourceBucket };
  const source = await openSealing(found.from, row, name.customerKey ?? null);
  const fresh = await newSealing(store, { bucket: found.target, key, request: encryption ?? null });
  const after = described(fresh, found.target, { key, versionId: "" }).encryption;
  if (!isSameKey(encryptionOf(row), after)) return { source, target: fresh, isRekeyed: true };
  const target = source && fresh && { key: source.key, wrapper: fresh.wrapper };
  return { source, target, isRekeyed: false };
}

/**
 * The sealing of the copy, whose bytes and ETag exist, in a bucket that changed meanwhile. Throws
 * `StoreError` bucket-changed if form or key would change, and as `newSealing`.
 */
async function sealingIn(
  store: StoreContext,
  bucket: Bucket,
  { key, encryption }: CopyObject,
  before: NewSealing | null,
): Promise<NewSealing | null> {
  const now = await readmittedSealing(store, before, { bucket, key, request: encryption ?? null });
  const [was, is] = [before, now].map((sealing) => described(sealing, bucket, { key, versionId: "" }).encryption);
  if (!isSameKey(was, is)) throw new StoreError({ kind: "bucket-changed" });
  return now;
}

/** The source's, if it is valid for the copy; otherwise the MD5 of the bytes, or random digits. */
function etagOfCopy(
  store: StoreContext,
  etag: string,
  { sealings, md5 }: { sealings: Sealings; md5: string | undefined },
): string {
  const { source, target } = sealings;
  const suffix = etag.includes("-") ? etag.slice(etag.indexOf("-")) : "";
  if (target && !etagIsMd5(target.wrapper.form)) return toHex(store.random(16)) + suffix;
  return source && !etagIsMd5(source.wrapper.form) && suffix === "" && md5 ? md5 : etag;
}

/** The parts' checksums are of the object's algorithm. */
function partsOfCopy({ parts, checksum: kept }: Source, checksum: ObjectChecksum | undefined): Source["parts"] {
  if (parts === null || checksum?.algorithm === kept?.algorithm) return parts;
  return parts.map(([partNumber, sizeBytes]) => [partNumber, sizeBytes, null]);
}

/**
 * Opens the source and its target, in one D1 round trip to each of their databases. `from` is the
 * store of the source. It differs from `store` if the buckets are in different databases: then
 * nothing can be shared, and bytes must be copied. Throws `StoreError` no-such-bucket (of the
 * source), no-such-key.
 */
export async function openSource(
  store: StoreContext,
  source: ObjectName,
  target: { bucket: string; key: string; uploadId?: string },
): Promise<Omit<FoundForCopy, "source"> & { source: Source; sourceBucket: Bucket; from: StoreContext }> {
  const ref = { ...source, version: versionRef(source) };
  const owning = source.bucket === target.bucket ? store : await storeOf(store, source.bucket);
  const from = owning.metadata.identity.name === store.metadata.identity.name ? store : owning;
  const open = ({ metadata }: StoreContext) => metadata.objects.openForCopy(ref, target);
  const [found, { source: foundSource }] = await withMetadata(source, async () => {
    const [here, there] = await Promise.all([open(store), ...(from === store ? [] : [open(from)])]);
    return [here, there ?? here] as const;
  });
  const { bucket: sourceBucket, object } = foundVersion(store, foundSource, source);
  return { ...found, source: object, sourceBucket, from };
}

/** Each blob that the extents refer to, once. */
export function blobIds(extents: readonly ExtentRow[] | null): string[] {
  return [...new Set((extents ?? []).map((extent) => extent[2]))];
}

/** Reads a range and returns its digests. */
export async function digestRange(
  store: StoreContext,
  source: Content,
  range: { offset: number; length: number },
  names: readonly DigestName[],
): Promise<Digests> {
  const digests = new DigestSet(names, store.engine);
  const body = new ObjectBody(store, source, [], range);
  try {
    await body.ready();
    for (let piece = await body.next(); piece !== null; piece = await body.next()) digests.update(piece);
    return digests.finish();
  } finally {
    digests.release();
    await body.cancel();
  }
}

interface CopiedContent {
  checksum: ObjectChecksum | undefined;
  /** Present if the bytes were rewritten. */
  blobs?: WrittenBlob[];
  /** Of all the bytes, in hex, if they were rewritten. */
  md5?: string;
  content: Pick<NewVersion, "extents" | "inlineBody">;
}

/** The store of the copy, and that of its source. */
interface CopyStores {
  store: StoreContext;
  from: StoreContext;
  sealings: Sealings;
}

async function contentOfCopy(
  stores: CopyStores,
  source: Source & Content,
  id: string,
  copy: CopyObject,
): Promise<CopiedContent> {
  const { store, from, sealings } = stores;
  const wanted = copy.checksumAlgorithm;
  const kept = source.checksum as ObjectChecksum | null;
  const computed = wanted && (kept?.algorithm !== wanted || kept.type !== "full-object") ? wanted : null;
  const checksumIn = (digests: Digests) => (computed ? checksumOf(digests, computed) : (kept ?? undefined));
  const isMoved = from !== store || sealings.isRekeyed;
  const bytes = {
    from,
    content: source,
    sizeBytes: source.sizeBytes,
    digests: computed ? [computed] : [],
    sealing: sealings.target?.key ?? null,
  };
  if (isMoved && (source.extents === null || source.sizeBytes <= store.settings.inlineBytesMax)) {
    const { inlineBody, digests } = await writeInlineAgain(store, bytes);
    return { checksum: checksumIn(digests), md5: md5Of(digests), content: { extents: null, inlineBody } };
  }
  if (source.extents && (isMoved || !isStoredAlike(store, source, copy.storageClass))) {
    const { blobs, digests } = await writeBlobsAgain(store, bytes, copy.storageClass);
    const content = { extents: extentsOver(blobs, 0, id), inlineBody: null };
    return { checksum: checksumIn(digests), md5: md5Of(digests), blobs, content };
  }
  const whole = { offset: 0, length: source.sizeBytes };
  const checksum = computed ? checksumOf(await digestRange(store, source, whole, [computed]), computed) : kept;
  const extents = source.extents?.map(
    ([start, length, blob, offset, , ...mark]): ExtentRow => [start, length, blob, offset, id, ...mark],
  );
  return {
    checksum: checksum ?? undefined,
    content: { extents: extents ?? null, inlineBody: source.inlineBody },
  };
}

/**
 * True if an object's bytes would be stored in the same geometry, on the same drives, under another
 * storage class.
 */
function isStoredAlike(store: StoreContext, source: Source, storageClass: string): boolean {
  const [before, after] = [source.storageClass, storageClass].map((name) => blobShape(store, source.sizeBytes, name));
  const sameGeometry = before?.geometry.k === after?.geometry.k && before?.geometry.m === after?.geometry.m;
  return sameGeometry && haveSameDrives(store, source.storageClass, storageClass);
}

function md5Of(digests: Digests): string {
  return toHex(digests.get("md5") as Uint8Array);
}

function checksumOf(digests: Digests, algorithm: ChecksumAlgorithm): ObjectChecksum {
  return { algorithm, type: "full-object", value: toBase64(digests.get(algorithm) as Uint8Array) };
}

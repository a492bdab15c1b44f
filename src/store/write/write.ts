import { toBase64, toHex } from "../../base/bytes.ts";
import type { NewVersion, VersionCommit } from "../../metadata/objects/commit.ts";
import type { ExtentRow } from "../../metadata/rows.ts";
import { etagIsMd5 } from "../../sealing/object-encryption.ts";
import { foundBucket, newObjectAccess, recallAdmitted } from "../buckets/admission.ts";
import { lockFor, tagRows } from "../buckets/lock-and-tags.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { type EventName, newsOf } from "../news.ts";
import { newId } from "../placement/ids.ts";
import { requireSpace } from "../placement/require-space.ts";
import { requireRoom } from "../quota/require-room.ts";
import type { EncryptionRequest } from "../sealed/encryption.ts";
import { described, type NewSealing, newSealing, readmittedSealing } from "../sealed/new-sealing.ts";
import { inlineText } from "../sealed/open-content.ts";
import { geometryOfClass } from "../settings.ts";
import { withMetadata } from "../translate-metadata.ts";
import type {
  Attributes,
  Bucket,
  BucketName,
  Digests,
  IncomingBody,
  ObjectAccess,
  ObjectChecksum,
  ObjectKey,
  ObjectLock,
  Tags,
  WriteCondition,
  WriteResult,
} from "../types.ts";
import type { BlobSource } from "./body-pieces.ts";
import { commitVersion } from "./commit-version.ts";
import { DigestSet } from "./digests.ts";
import { extentsOver } from "./extents.ts";
import { type WrittenBlob, writeBody } from "./write-blob.ts";

export interface PutObject {
  bucket: BucketName;
  key: ObjectKey;
  attributes: Attributes;
  storageClass: string;
  body: IncomingBody;
  /** Owner and ACL of the object in the bucket at the commit. Absent: as the gate decides. */
  access?: (bucket: Bucket) => ObjectAccess;
  tags?: Tags;
  /** Absent: the bucket's default retention. */
  lock?: ObjectLock;
  condition?: WriteCondition;
  /** Absent: the default of the bucket or the deployment. */
  encryption?: EncryptionRequest;
  /** Absent: ObjectCreated:Put. */
  event?: EventName;
}

/**
 * The write protocol (numbers as in the design): 1 the request is authenticated and the bucket
 * resolved; 2 the body streams through the codec; 3 its shards are written; 4 it is verified; 5 a
 * quorum of drives acknowledged; 6 one D1 batch makes it visible; 7 the caller answers. A crash
 * before 6 leaves only garbage that nobody can name; after it the object is there.
 *
 * Throws the errors of the body, and `StoreError` no-such-bucket, no-object-lock, incomplete-body,
 * no-space, drives-unavailable, precondition-failed, precondition-no-such-key,
 * sealing-not-configured, kms, metadata-unavailable.
 */
export function putObject(store: StoreContext, put: PutObject): Promise<WriteResult> {
  // A remembered state is not certain, so it cannot decide whether a lock is allowed.
  const remembered = put.lock ? null : recallAdmitted(store, put.bucket);
  if (remembered) return putInto(store, put, { bucket: Promise.resolve(remembered), wasRemembered: true });
  return putInto(store, put, { bucket: admit(store, put) }); // 1, while the first stripe arrives
}

/** The bucket that a request is admitted to, or the error that refuses it. */
interface Admission {
  bucket: Promise<Bucket>;
  /** See `Readmission`. */
  wasRemembered?: boolean;
}

/** Steps 2 to 7, into a bucket that is known, or still being read. */
export async function putInto(store: StoreContext, put: PutObject, admission: Admission): Promise<WriteResult> {
  const { bucket, wasRemembered = false } = admission;
  const id = newId(store);
  let sealing = await sealingFor(store, put, admission);
  const sealed = { ...put, sealing };
  const content =
    put.body.sizeBytes <= store.settings.inlineBytesMax
      ? inline(store, sealed, bucket)
      : onDrives(store, sealed, withRoom(store, put, bucket), id);
  const { digests, checksum, ...bytes } = await content;
  const describe = (found: Bucket) => ({
    lock: lockFor(store, found, put.lock),
    attributes: {
      ...put.attributes,
      ...(put.access?.(found) ?? newObjectAccess(store, found)),
      ...described(sealing, found, { key: put.key, versionId: id }),
    },
    etag: etagOf(store, digests, sealing),
  });
  let version: NewVersion = {
    bucket: await bucket,
    key: put.key,
    id,
    sizeBytes: bytes.sizeBytes,
    modifiedMs: store.clock.now(),
    storageClass: put.storageClass,
    checksum,
    tags: tagRows(put.tags),
    ...describe(await bucket),
    parts: null,
    ...bytes.content,
  };
  const describeIn = async (found: Bucket) => {
    sealing = await readmittedSealing(store, sealing, { bucket: found, key: put.key, request: put.encryption ?? null });
    const again = describe(found);
    version = { ...version, ...again };
    return again;
  };
  const commit = {
    version,
    news: newsOf(store, put.event ?? "ObjectCreated:Put"),
    ...(bytes.blobs ? { blobs: bytes.blobs } : {}),
    ...(put.condition ? { condition: put.condition } : {}),
  };
  const committed = await commitVersion(store, put.bucket, commit, { describeIn, wasRemembered }); // 6
  const { etag, modifiedMs } = version;
  return { id, ...committed, etag, modifiedMs, checksum, ...encryptedAs(version) };
}

/** Encryption columns of a version's row. */
export function encryptedAs({ attributes }: Pick<NewVersion, "attributes">): Pick<WriteResult, "encryption"> {
  const { encryption } = attributes as Pick<WriteResult, "encryption">;
  return encryption ? { encryption } : {};
}

/** Known before a byte of the body is stored, so that a refusal of the KMS costs nothing. */
async function sealingFor(store: StoreContext, put: PutObject, admission: Admission): Promise<NewSealing | null> {
  const sealingIn = async (bucket: Promise<Bucket>) =>
    newSealing(store, { bucket: await bucket, key: put.key, request: put.encryption ?? null });
  try {
    return await sealingIn(admission.bucket);
  } catch (error) {
    // A remembered bucket never refuses a request.
    const isBlocked = error instanceof StoreError && error.failure.kind === "customer-keys-blocked";
    if (!isBlocked || !admission.wasRemembered) throw error;
    return sealingIn(admit(store, put));
  }
}

/** The MD5, or random digits in the cases in which AWS has no MD5. */
export function etagOf(store: StoreContext, digests: Digests, sealing: NewSealing | null): string {
  if (sealing && !etagIsMd5(sealing.wrapper.form)) return toHex(store.random(16));
  return toHex(digests.get("md5") as Uint8Array);
}

/**
 * The bucket, if it allows the object, still being read; a failure is thrown where it is awaited.
 */
function admit(store: StoreContext, { bucket: name, lock }: PutObject): Promise<Bucket> {
  const found = withMetadata({ bucket: name }, () => store.metadata.buckets.learn(name, store.clock.now()));
  const bucket = found.then((row) => {
    const admitted = foundBucket(store, row, name);
    lockFor(store, admitted, lock);
    newObjectAccess(store, admitted);
    return admitted;
  });
  bucket.catch(() => {});
  return bucket;
}

/**
 * The bucket, once its quotas are known to have room for the body; a failure is thrown where it is
 * awaited.
 */
function withRoom(store: StoreContext, { body, key }: PutObject, bucket: Promise<Bucket>): Promise<Bucket> {
  const roomy = bucket.then(async (found) => {
    const knownRoomBytes = store.metadata.buckets.recalledRoom(found.name);
    // A bound may be far above the actual size.
    if (!body.sizeIsBound)
      await requireRoom(store, { bucket: found, replaces: key, sizeBytes: body.sizeBytes, knownRoomBytes });
    return found;
  });
  roomy.catch(() => {});
  return roomy;
}

interface Content {
  sizeBytes: number;
  digests: Digests;
  checksum: ObjectChecksum;
  content: Pick<NewVersion, "extents" | "inlineBody">;
  blobs?: NonNullable<VersionCommit["blobs"]>;
}

type SealedPut = PutObject & { sealing: NewSealing | null };

/** A small body is read completely and goes into the commit itself. */
async function inline(store: StoreContext, { body, sealing }: SealedPut, bucket: Promise<Bucket>): Promise<Content> {
  const bytes = await readSmall(body);
  const wanted = new DigestSet(["md5", "crc64nvme", ...body.digests], store.engine);
  wanted.update(bytes);
  const digests = wanted.finish();
  await Promise.all([bucket, requireSpace(store, null)]);
  const checksum = body.verify(digests) ?? crc64Checksum(digests.get("crc64nvme") as Uint8Array);
  const inlineBody = inlineText(store, bytes, sealing?.key ?? null);
  return { sizeBytes: bytes.length, digests, checksum, content: { extents: null, inlineBody } };
}

/** All of a body of known or bounded, small size. */
export async function readSmall(body: IncomingBody): Promise<Uint8Array> {
  const bytes = new Uint8Array(body.sizeBytes);
  let receivedBytes = 0;
  for (let piece = await body.next(); piece !== null; piece = await body.next()) {
    if (receivedBytes + piece.length <= bytes.length) bytes.set(piece, receivedBytes);
    receivedBytes += piece.length;
    if (receivedBytes > bytes.length) break;
  }
  if (receivedBytes > bytes.length || (receivedBytes < bytes.length && !body.sizeIsBound)) {
    throw new StoreError({ kind: "incomplete-body", expectedBytes: bytes.length, receivedBytes });
  }
  return bytes.subarray(0, receivedBytes);
}

async function onDrives(store: StoreContext, put: SealedPut, bucket: Promise<Bucket>, id: string): Promise<Content> {
  const { body, sealing } = put;
  let checksum: ObjectChecksum | null = null;
  const { blobs, sourceBytes, digests } = await writeBody(store, {
    source: body.sizeIsBound ? withCrc64(body) : body,
    ...blobShape(store, body.sizeBytes, put.storageClass),
    admitted: bucket,
    sealing: sealing?.key ?? null,
    verify: (computed) => {
      checksum = body.verify(computed);
    },
  });
  return {
    sizeBytes: sourceBytes,
    digests,
    checksum: checksum ?? crc64Checksum(digests.get("crc64nvme") as Uint8Array),
    ...filled(blobs, sourceBytes, id),
  };
}

/** The body's bytes in its blobs. A blob of padding only is named by no row, as after a crash. */
function filled(blobs: readonly WrittenBlob[], sourceBytes: number, id: string): Pick<Content, "content" | "blobs"> {
  if (sourceBytes === 0) return { content: { extents: null, inlineBody: "" } };
  const extents = extentsOver(blobs, 0, id)
    .filter(([start]) => start < sourceBytes)
    .map(([start, length, ...place]): ExtentRow => [start, Math.min(length, sourceBytes - start), ...place]);
  return { content: { extents, inlineBody: null }, blobs: blobs.slice(0, extents.length) };
}

/**
 * The blobs' own CRCs cover their padding too, so that of the bytes alone is computed separately.
 */
function withCrc64(body: IncomingBody): BlobSource {
  const { sizeBytes } = body;
  return { sizeBytes, sizeIsBound: true, digests: [...body.digests, "crc64nvme"], next: () => body.next() };
}

/** Layout of a blob of this size in a storage class. */
export function blobShape({ settings }: StoreContext, sizeBytes: number, storageClass: string) {
  if (sizeBytes <= settings.smallBytesMax) {
    return { geometry: settings.smallGeometry, class: "small" as const, storageClass };
  }
  return { geometry: geometryOfClass(settings, storageClass), class: "large" as const, storageClass };
}

/** The checksum that S3 computes if the client sent none. */
function crc64Checksum(bytes: Uint8Array): ObjectChecksum {
  return { algorithm: "crc64nvme", type: "full-object", value: toBase64(bytes) };
}

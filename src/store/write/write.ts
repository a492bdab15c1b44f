import { Buffer } from "node:buffer";
import { toBase64, toHex } from "../../base/bytes.ts";
import type { NewVersion, VersionCommit } from "../../metadata/objects/commit.ts";
import type { BlobRow, ExtentRow } from "../../metadata/rows.ts";
import { foundBucket, newObjectAccess, recallAdmitted } from "../buckets/admission.ts";
import { lockFor, tagRows } from "../buckets/lock-and-tags.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { type EventName, newsOf } from "../news.ts";
import { newId } from "../placement/ids.ts";
import { requireSpace } from "../placement/require-space.ts";
import { geometryOfClass } from "../settings.ts";
import { withMetadata } from "../translate-metadata.ts";
import type {
  Attributes,
  Bucket,
  BucketName,
  Digests,
  IncomingBody,
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
import { writeBody } from "./write-blob.ts";

export interface PutObject {
  bucket: BucketName;
  key: ObjectKey;
  attributes: Attributes;
  storageClass: string;
  body: IncomingBody;
  tags?: Tags;
  /** Absent: the bucket's default retention. */
  lock?: ObjectLock;
  condition?: WriteCondition;
  /** Absent: ObjectCreated:Put. */
  event?: EventName;
}

/**
 * The write protocol (numbers as in the design): 1 the request is authenticated and the bucket resolved; 2 the body streams
 * through the codec; 3 its shards are written; 4 it is verified; 5 a quorum of drives acknowledged; 6 one D1 batch makes it
 * visible; 7 the caller answers. A crash before 6 leaves only garbage that nobody can name; after it the object is there.
 *
 * Throws what the body throws, and `StoreError` no-such-bucket, no-object-lock, incomplete-body, no-space, drives-unavailable, precondition-failed,
 * precondition-no-such-key, metadata-unavailable.
 */
export function putObject(store: StoreContext, put: PutObject): Promise<WriteResult> {
  // What is remembered says nothing for sure, and so nothing of whether a lock may be asked for.
  const remembered = put.lock ? null : recallAdmitted(store, put.bucket);
  if (remembered) return putInto(store, put, { bucket: Promise.resolve(remembered), wasRemembered: true });
  return putInto(store, put, { bucket: admit(store, put) }); // 1, while the first stripe arrives
}

/** The bucket that a request is admitted to, or what says why it is not. */
interface Admission {
  bucket: Promise<Bucket>;
  /** See `Readmission`. */
  wasRemembered?: boolean;
}

/** Steps 2 to 7, into a bucket that is known, or on its way. */
export async function putInto(store: StoreContext, put: PutObject, admission: Admission): Promise<WriteResult> {
  const { bucket, wasRemembered = false } = admission;
  const id = newId(store);
  const content =
    put.body.sizeBytes <= store.settings.inlineBytesMax ? inline(store, put, bucket) : onDrives(store, put, bucket, id);
  const { digests, checksum, ...bytes } = await content;
  const describeIn = (found: Bucket) => ({
    lock: lockFor(store, found, put.lock),
    attributes: { ...put.attributes, ...newObjectAccess(store, found) },
  });
  const version: NewVersion = {
    bucket: await bucket,
    key: put.key,
    id,
    sizeBytes: bytes.sizeBytes,
    etag: toHex(digests.get("md5") as Uint8Array),
    modifiedMs: store.clock.now(),
    storageClass: put.storageClass,
    checksum,
    tags: tagRows(put.tags),
    ...describeIn(await bucket),
    parts: null,
    ...bytes.content,
  };
  const commit = {
    version,
    news: newsOf(store, put.event ?? "ObjectCreated:Put"),
    ...(bytes.blobs ? { blobs: bytes.blobs } : {}),
    ...(put.condition ? { condition: put.condition } : {}),
  };
  const committed = await commitVersion(store, put.bucket, commit, { describeIn, wasRemembered }); // 6
  return { id, ...committed, etag: version.etag, modifiedMs: version.modifiedMs, checksum };
}

/** The bucket, if it takes such an object, on its way; a failure surfaces where it is awaited. */
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

interface Content {
  sizeBytes: number;
  digests: Digests;
  checksum: ObjectChecksum;
  content: Pick<NewVersion, "extents" | "inlineBody">;
  blobs?: NonNullable<VersionCommit["blobs"]>;
}

/** A small body: read whole, it goes into the commit itself. */
async function inline(store: StoreContext, { body }: PutObject, bucket: Promise<Bucket>): Promise<Content> {
  const bytes = await readSmall(body);
  const wanted = new DigestSet(["md5", "crc64nvme", ...body.digests], store.engine);
  wanted.update(bytes);
  const digests = wanted.finish();
  await Promise.all([bucket, requireSpace(store, null)]);
  const checksum = body.verify(digests) ?? crc64Checksum(digests.get("crc64nvme") as Uint8Array);
  const inlineBody = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
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

async function onDrives(store: StoreContext, put: PutObject, bucket: Promise<Bucket>, id: string): Promise<Content> {
  const { body } = put;
  let checksum: ObjectChecksum | null = null;
  const { blobs, sourceBytes, digests } = await writeBody(store, {
    source: body.sizeIsBound ? withCrc64(body) : body,
    ...blobShape(store, body.sizeBytes, put.storageClass),
    admitted: bucket,
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

/** What the body fills of its blobs. One of nothing but padding is named by nobody, as after a crash. */
function filled(blobs: readonly BlobRow[], sourceBytes: number, id: string): Pick<Content, "content" | "blobs"> {
  if (sourceBytes === 0) return { content: { extents: null, inlineBody: "" } };
  const extents = extentsOver(blobs, 0, id)
    .filter(([start]) => start < sourceBytes)
    .map(([start, length, ...place]): ExtentRow => [start, Math.min(length, sourceBytes - start), ...place]);
  return { content: { extents, inlineBody: null }, blobs: blobs.slice(0, extents.length) };
}

/** The blobs' own CRCs cover their padding too, so that of the bytes alone is computed beside it. */
function withCrc64(body: IncomingBody): BlobSource {
  const { sizeBytes } = body;
  return { sizeBytes, sizeIsBound: true, digests: [...body.digests, "crc64nvme"], next: () => body.next() };
}

/** How a blob of this size is stored under a storage class. */
export function blobShape({ settings }: StoreContext, sizeBytes: number, storageClass: string) {
  if (sizeBytes <= settings.smallBytesMax) return { geometry: settings.smallGeometry, class: "small" as const };
  return { geometry: geometryOfClass(settings, storageClass), class: "large" as const };
}

/** The checksum that S3 computes where the client sent none. */
function crc64Checksum(bytes: Uint8Array): ObjectChecksum {
  return { algorithm: "crc64nvme", type: "full-object", value: toBase64(bytes) };
}

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { concat, toBase64, toHex } from "../../base/bytes.ts";
import { createChecksum } from "../../erasure/checksum.ts";
import { combineCrc } from "../../erasure/combine.ts";
import { GuardError } from "../../metadata/database.ts";
import type { Append, AppendableRow } from "../../metadata/objects/appends.ts";
import { etagIsMd5 } from "../../sealing/object-encryption.ts";
import { foundBucket } from "../buckets/admission.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { newsOf } from "../news.ts";
import { newId } from "../placement/ids.ts";
import { requireSpace } from "../placement/require-space.ts";
import { requireRoom } from "../quota/require-room.ts";
import { decodeInline } from "../read/object-body.ts";
import type { CustomerKey } from "../sealed/encryption.ts";
import { type NewSealing, described as sealedRow } from "../sealed/new-sealing.ts";
import { encryptionOf, inlineText, openSealing } from "../sealed/open-content.ts";
import { requireSameEncryption } from "../sealed/same-encryption.ts";
import { EXTENTS_MAX, PARTS_MAX, TAIL_BYTES_MAX } from "../settings.ts";
import { withMetadata } from "../translate-metadata.ts";
import type {
  Bucket,
  BucketName,
  ChecksumAlgorithm,
  DigestName,
  Digests,
  IncomingBody,
  ObjectChecksum,
  ObjectKey,
  WriteCondition,
  WriteResult,
} from "../types.ts";
import { confirmCommit } from "./confirm-commit.ts";
import { DigestSet } from "./digests.ts";
import { extentsOver } from "./extents.ts";
import { blobShape, type PutObject, putInto, readSmall } from "./write.ts";
import { type WrittenBlob, writeBody } from "./write-blob.ts";

/** Facts about an object that is appended to, for checking the request. */
export interface AppendTarget {
  storageClass: string;
  /** State for continuing its checksum; null: it has none. */
  algorithm: ChecksumAlgorithm | null;
  /** The writer would own a new object here, and another account owns this one. */
  isForeign: boolean;
}

export interface AppendObject {
  bucket: BucketName;
  key: ObjectKey;
  /** Required end of the object now; 0 also if there is no object, which creates it. */
  offset: number;
  /**
   * Returns the bytes, at least one, for the object that they follow; null: there is none. Throws
   * to refuse.
   */
  body(target: AppendTarget | null): IncomingBody;
  /** Attributes of a new object. */
  created: Omit<PutObject, "bucket" | "key" | "body" | "condition">;
  condition?: WriteCondition;
  /** The client's key of an object that was encrypted with one (SSE-C). */
  customerKey?: CustomerKey | null;
}

export interface AppendResult extends WriteResult {
  /** Of the whole object. */
  sizeBytes: number;
  /** Of the appended bytes alone, if the object has a checksum. */
  part?: Pick<ObjectChecksum, "algorithm" | "value">;
}

/**
 * Extends an object, by the write protocol of `putObject`: two D1 round trips. Existing bytes are
 * neither read nor moved. A few bytes stay in the object's row, together with its other inline
 * bytes, until they are worth a blob. Of concurrent appends at the same offset one wins. The object
 * becomes one of parts, each append a part. A CRC is continued over the whole object; for digests
 * the checksum of the parts' checksums is kept.
 *
 * Throws the errors of `body`, and `StoreError` no-such-bucket, not-appendable, wrong-offset,
 * too-many-parts, conflict (it changed meanwhile, and ends at the offset again), incomplete-body,
 * drives-unavailable, quota-exceeded, precondition-failed, precondition-no-such-key,
 * metadata-unavailable, other-encryption, and the errors of `openSealing`.
 */
export async function appendObject(store: StoreContext, append: AppendObject): Promise<AppendResult> {
  const { bucket, object } = await find(store, append);
  requireCondition(append, object);
  if (append.offset !== (object?.sizeBytes ?? 0)) throw wrongOffset(object);
  try {
    return object ? await extend(store, append, bucket, object) : await create(store, append, bucket);
  } catch (error) {
    if (!(error instanceof StoreError) || !isChange(error.cause)) throw error;
    const { object: now } = await find(store, append);
    requireCondition(append, now);
    if (append.offset !== (now?.sizeBytes ?? 0)) throw wrongOffset(now);
    throw new StoreError({ kind: "conflict", what: "the object was changed meanwhile" }, { cause: error });
  }
}

async function find(store: StoreContext, { bucket: name, key }: AppendObject) {
  const found = await withMetadata({ bucket: name }, () => store.metadata.appends.find(name, key));
  const bucket = foundBucket(store, found?.bucket, name);
  if (bucket.versioning !== null) throw new StoreError({ kind: "not-appendable", bucket: name });
  return { bucket, object: found?.object ?? null };
}

function requireCondition({ key, condition }: AppendObject, object: AppendableRow | null): void {
  if (!condition) return;
  if ("ifNoneMatch" in condition) {
    if (object) throw new StoreError({ kind: "precondition-failed", condition: "If-None-Match" });
  } else {
    if (!object) throw new StoreError({ kind: "precondition-no-such-key", key });
    if (object.etag !== condition.ifMatch) throw new StoreError({ kind: "precondition-failed", condition: "If-Match" });
  }
}

function wrongOffset(object: AppendableRow | null): StoreError {
  return new StoreError({ kind: "wrong-offset", sizeBytes: object?.sizeBytes ?? null });
}

/** The commit met another state than the one that was read. */
function isChange(cause: unknown): boolean {
  return cause instanceof GuardError && (cause.guard === "object_changed" || cause.guard === "exists_already");
}

async function create(store: StoreContext, append: AppendObject, bucket: Bucket): Promise<AppendResult> {
  const { bucket: name, key, created } = append;
  const body = append.body(null);
  const put: PutObject = { bucket: name, key, ...created, body, condition: { ifNoneMatch: "*" } };
  const written = await putInto(store, put, { bucket: Promise.resolve(bucket) });
  return { ...written, sizeBytes: body.sizeBytes };
}

async function extend(
  store: StoreContext,
  append: AppendObject,
  bucket: Bucket,
  object: AppendableRow,
): Promise<AppendResult> {
  const parts = Math.max(object.partCount, 1);
  if (parts >= PARTS_MAX || object.extentCount >= EXTENTS_MAX) {
    throw new StoreError({ kind: "too-many-parts", partsMax: PARTS_MAX });
  }
  const { storageClass, checksum } = object;
  const algorithm = (checksum?.algorithm ?? null) as ChecksumAlgorithm | null;
  await requireSpace(store, null);
  // Its owner and its ACL stay. So nobody may add bytes to an object of another account.
  const isForeign = store.gate?.isForeign(bucket, object.ownerId ?? bucket.owner) ?? false;
  const id = newId(store);
  const sealing = await openSealing(store, { ...object, bucket, key: append.key }, append.customerKey ?? null);
  await requireSameEncryption(store, append.created.encryption, encryptionOf(object));
  const encryption = sealedRow(sealing, bucket, { key: append.key, versionId: id });
  const body = append.body({ storageClass, algorithm, isForeign });
  const { digests, ...bytes } = await write(store, { bucket, object, sealing, body, algorithm }); // 2 to 5
  if (object.extentCount + (bytes.blobs?.length ?? 0) > EXTENTS_MAX) {
    throw new StoreError({ kind: "too-many-parts", partsMax: PARTS_MAX });
  }
  const commit: Append = {
    bucket,
    key: append.key,
    from: object,
    id,
    sizeBytes: object.sizeBytes + body.sizeBytes,
    modifiedMs: store.clock.now(),
    encryption: encryption.encryption ?? null,
    ...described(store, object, { digests, sizeBytes: body.sizeBytes, algorithm, sealing }),
    ...(bytes.blobs ? { written: { blobs: bytes.blobs, extents: extentsOver(bytes.blobs, bytes.start, id) } } : {}),
    inlineBody: bytes.inlineBody,
    news: newsOf(store, "ObjectCreated:Put"),
  };
  const { appends, objects } = store.metadata;
  const apply = () =>
    confirmCommit<unknown>(
      () => appends.append(commit),
      () => objects.currentSeq(bucket.id, commit.key, commit.id),
    );
  await withMetadata(append, apply); // 6
  const { sizeBytes, etag, modifiedMs } = commit;
  const part = algorithm && { algorithm, value: checksumIn(digests, algorithm) };
  return {
    id,
    etag,
    modifiedMs,
    sizeBytes,
    ...encryption,
    ...(commit.checksum ? { checksum: commit.checksum as ObjectChecksum } : {}),
    ...(part ? { part } : {}),
  };
}

interface Written {
  /** Of the appended bytes alone. */
  digests: Digests;
  /** Hold the old inline bytes and the appended ones; absent: both are inline now. */
  blobs?: WrittenBlob[];
  /** Their position in the object. */
  start: number;
  inlineBody: string | null;
}

interface AppendedBody {
  bucket: Bucket;
  object: AppendableRow;
  /** Of the object; null: it is plain. */
  sealing: NewSealing | null;
  body: IncomingBody;
  algorithm: ChecksumAlgorithm | null;
}

/** Steps 2 to 5 for the old inline bytes followed by the appended ones. */
async function write(store: StoreContext, appended: AppendedBody): Promise<Written> {
  const { bucket, object, sealing, body, algorithm } = appended;
  const objectKey = sealing?.key ?? null;
  const tail = decodeInline({ inlineBody: object.inlineBody, objectKey });
  const start = object.sizeBytes - tail.length;
  const sizeBytes = tail.length + body.sizeBytes;
  const wanted: DigestName[] = ["md5", ...body.digests, ...(algorithm ? [algorithm] : [])];
  if (sizeBytes <= tailBytesMax(store, start)) {
    const bytes = await readSmall(body);
    const computing = new DigestSet(wanted, store.engine);
    computing.update(bytes);
    const digests = computing.finish();
    body.verify(digests);
    return { digests, start, inlineBody: inlineText(store, concat([tail, bytes]), objectKey) };
  }
  const knownRoomBytes = store.metadata.buckets.recalledRoom(bucket.name);
  await requireRoom(store, { bucket, replaces: null, sizeBytes: body.sizeBytes, knownRoomBytes });
  // The digests of the written bytes are those of the body only if nothing comes before it.
  const apart = tail.length === 0 ? null : new DigestSet(wanted, store.engine);
  let digests: Digests | undefined;
  try {
    const { blobs } = await writeBody(store, {
      source: { sizeBytes, digests: apart ? [] : wanted, next: following(tail, body, apart) },
      ...blobShape(store, sizeBytes, object.storageClass),
      sealing: objectKey,
      admitted: Promise.resolve(),
      verify: (ofBlob) => {
        digests = apart?.finish() ?? ofBlob;
        body.verify(digests);
      },
    });
    return { digests: digests as Digests, blobs, start, inlineBody: null };
  } finally {
    apart?.release();
  }
}

/**
 * How many bytes may be in the row: all of a small object, or those after the extents of a larger
 * one.
 */
function tailBytesMax({ settings }: StoreContext, start: number): number {
  return start === 0 ? settings.inlineBytesMax : Math.min(settings.inlineBytesMax, TAIL_BYTES_MAX);
}

/** Returns `tail`, then the pieces of the body. The digests cover the body only. */
function following(tail: Uint8Array, body: IncomingBody, digests: DigestSet | null): () => Promise<Uint8Array | null> {
  let first = tail.length > 0 ? tail : null;
  return async () => {
    if (first) {
      const piece = first;
      first = null;
      return piece;
    }
    const piece = await body.next();
    if (piece) digests?.update(piece);
    return piece;
  };
}

interface Appended {
  digests: Digests;
  sizeBytes: number;
  algorithm: ChecksumAlgorithm | null;
  sealing: NewSealing | null;
}

/**
 * ETag, checksum and parts of the object with the appended bytes. An empty object gets those of the
 * appended bytes.
 */
function described(
  store: StoreContext,
  object: AppendableRow,
  appended: Appended,
): Pick<Append, "etag" | "checksum" | "parts"> {
  const { digests, sizeBytes, algorithm, sealing } = appended;
  const isMd5 = !sealing || etagIsMd5(sealing.wrapper.form);
  const md5 = isMd5 ? (digests.get("md5") as Uint8Array) : store.random(16);
  const value = algorithm && checksumIn(digests, algorithm);
  if (object.sizeBytes === 0) {
    const checksum = algorithm && value ? { algorithm, type: "full-object", value } : null;
    return { etag: toHex(md5), checksum, parts: null };
  }
  const parts = Math.max(object.partCount, 1) + 1;
  const before = object.checksum?.type === "full-object" ? object.checksum.value : null;
  return {
    etag: `${createHash("md5")
      .update(object.etag.split("-")[0] as string, "hex")
      .update(md5)
      .digest("hex")}-${parts}`,
    checksum: checksumOf(store, object, appended),
    parts: { first: [1, object.sizeBytes, before], next: [parts, sizeBytes, value] },
  };
}

/**
 * CRCs combine. For digests, and for checksums of parts' checksums, the checksum of the parts'
 * checksums is continued.
 */
function checksumOf(store: StoreContext, object: AppendableRow, appended: Appended): ObjectChecksum | null {
  const { checksum, parts } = object;
  const { algorithm, digests, sizeBytes } = appended;
  if (!checksum || !algorithm) return null;
  if (
    checksum.type === "full-object" &&
    (algorithm === "crc32" || algorithm === "crc32c" || algorithm === "crc64nvme")
  ) {
    const crc = combineCrc(algorithm, crcOf(checksum.value), crcOf(checksumIn(digests, algorithm)), sizeBytes);
    const hex = crc.toString(16).padStart(algorithm === "crc64nvme" ? 16 : 8, "0");
    return { algorithm, type: "full-object", value: Buffer.from(hex, "hex").toString("base64") };
  }
  // A copy may have a digest of the whole, and parts: their own checksums are unknown.
  const whole = object.partCount > 1 ? null : checksum.value;
  const before = checksum.type === "full-object" ? [whole] : (parts ?? []).map((part) => part[2]);
  const ofParts = createChecksum(algorithm, store.engine);
  for (const value of [...before, checksumIn(digests, algorithm)]) {
    if (value === null) return null;
    ofParts.update(Buffer.from(value, "base64"));
  }
  return { algorithm, type: "composite", value: `${toBase64(ofParts.digest())}-${before.length + 1}` };
}

function crcOf(base64: string): bigint {
  return BigInt(`0x${Buffer.from(base64, "base64").toString("hex")}`);
}

function checksumIn(digests: Digests, algorithm: ChecksumAlgorithm): string {
  return toBase64(digests.get(algorithm) as Uint8Array);
}

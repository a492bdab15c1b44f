import { noteMissing } from "../blobs/damage.ts";
import type { AccessMemory } from "../buckets/access-memory.ts";
import { type AdmittedBucket, requireAdmitted } from "../buckets/buckets.ts";
import { type Database, require, type Statement } from "../database.ts";
import { announceVersions, type News } from "../events/outbox.ts";
import { insertBlobs } from "../objects/commit.ts";
import { type FoundHead, foundHead, headStatement, type ObjectRef, type RawHead } from "../objects/objects.ts";
import {
  type BlobRow,
  type ContentRow,
  jsonOrNull,
  legalHoldNumber,
  type ObjectRow,
  parseBlob,
  parseJson,
  type RawBlob,
} from "../rows.ts";
import {
  ANNOTATION_COLUMNS,
  type AnnotationRow,
  type NewAnnotation,
  parseAnnotation,
  parseContent,
  type RawAnnotation,
} from "./annotation-rows.ts";
import { insert, rowOf } from "./carried.ts";

/** How many annotations a version may have. */
export const ANNOTATIONS_MAX = 1_000;

/** A version, and one of its annotations with where its bytes are. */
export interface FoundAnnotation extends FoundHead {
  annotation: (AnnotationRow & ContentRow) | null;
  blobs: BlobRow[];
}

/** What a change of annotations was decided on. */
export interface AnnotatedVersion {
  /** Null: nobody asked. */
  bucket: AdmittedBucket | null;
  bucketName: string;
  bucketId: number;
  object: ObjectRow;
}

/** Names from `prefix` on, after `after`. */
export interface AnnotationPage {
  prefix: string;
  after: string;
  limit: number;
}

type RawFound = RawAnnotation & { extents: string | null; inlineBody: string | null; blobs: string | null };

/** Annotations of versions, of which each is one row. Each method is one round trip. */
export class Annotations {
  readonly #database: Database;
  readonly #memory: AccessMemory;

  constructor(database: Database, memory: AccessMemory) {
    this.#database = database;
    this.#memory = memory;
  }

  /** A version and its annotation of this name, or null where there is no such bucket. */
  async find(ref: ObjectRef, name: string): Promise<FoundAnnotation | null> {
    const known = this.#memory.of(ref.bucket);
    const { sql, values } = versionId(ref);
    const [[raw], [annotation]] = await this.#database.batch<[RawHead, RawFound]>([
      headStatement(ref, known),
      {
        sql: `SELECT ${ANNOTATION_COLUMNS}, a.extents, a.inline_body AS "inlineBody",
                CASE WHEN a.extents IS NOT NULL THEN
                  (SELECT json_group_array(json_object('id', b.id, 'k', b.k, 'm', b.m, 'block_bytes', b.block_bytes,
                     'size_bytes', b.size_bytes, 'crc64nvme', b.crc64nvme, 'shards', b.shards))
                   FROM json_each(a.extents) e JOIN blobs b ON b.id = e.value ->> 2) END AS blobs
              FROM annotations a WHERE a.version_id = ${sql} AND a.name = ?5`,
        values: [...values, name],
      },
    ]);
    if (!raw) return null;
    const head = foundHead(raw, this.#memory, known);
    if (!annotation) return { ...head, annotation: null, blobs: [] };
    const blobs = (parseJson<RawBlob[]>(annotation.blobs) ?? []).map(parseBlob);
    return { ...head, annotation: { ...parseAnnotation(annotation), ...parseContent(annotation) }, blobs };
  }

  /** A version and a page of its annotations by name, one more than `limit` where there are more. Null: no such bucket. */
  async list(ref: ObjectRef, page: AnnotationPage): Promise<(FoundHead & { annotations: AnnotationRow[] }) | null> {
    const known = this.#memory.of(ref.bucket);
    const { sql, values } = versionId(ref);
    const [[raw], rows] = await this.#database.batch<[RawHead, RawAnnotation]>([
      headStatement(ref, known),
      {
        sql: `SELECT ${ANNOTATION_COLUMNS} FROM annotations a
              WHERE a.version_id = ${sql} AND a.name >= ?5 AND a.name < ?5 || CAST(x'FF' AS TEXT) AND a.name > ?6
              ORDER BY a.name LIMIT ?7`,
        values: [...values, page.prefix, page.after, page.limit + 1],
      },
    ]);
    return raw ? { ...foundHead(raw, this.#memory, known), annotations: rows.map(parseAnnotation) } : null;
  }

  /** All annotations of a version, with where their bytes are; nothing where it is gone. */
  async ofVersion(id: string): Promise<(AnnotationRow & ContentRow)[]> {
    const rows = await this.#database.all<RawAnnotation & { extents: string | null }>(
      `SELECT ${ANNOTATION_COLUMNS}, a.extents FROM annotations a WHERE a.version_id = ?1 ORDER BY a.name`,
      id,
    );
    return rows.map((row) => ({ ...parseAnnotation(row), ...parseContent({ ...row, inlineBody: null }) }));
  }

  /** One annotation of a version with its bytes; null where it is gone. */
  async content(versionIdOf: string, name: string): Promise<ContentRow | null> {
    const [row] = await this.#database.all<{ extents: string | null; inlineBody: string | null }>(
      `SELECT extents, inline_body AS "inlineBody" FROM annotations WHERE version_id = ?1 AND name = ?2`,
      versionIdOf,
      name,
    );
    return row ? parseContent(row) : null;
  }

  /**
   * Sets an annotation; what it replaces goes to the trash. Throws `GuardError` no_such_bucket and bucket_access_changed, and
   * object_changed if the version is not what it was, or has as many annotations as it may. `news`: what those who listen to the bucket
   * are told.
   */
  async put(version: AnnotatedVersion, annotation: NewAnnotation, news: News | null): Promise<void> {
    const { blobs, modifiedMs } = annotation;
    const has = hasAnnotation(version, annotation.name);
    await this.#database.batch([
      ...requireVersion(version, annotation.name),
      ...trash(version, { name: annotation.name, exceptId: annotation.id, nowMs: modifiedMs }),
      ...(blobs.length > 0 ? [insertBlobs(blobs, null), ...noteMissing(blobs, modifiedMs)] : []),
      ...count(version, `annotations + 1`, `NOT ${has.sql}`, has.values),
      ...insert(version.object.id, [rowOf(annotation)]),
      ...announce(version, annotation.name, news),
    ]);
  }

  /** Removes an annotation, if there is one; its bytes go to the trash. What was not there is no news. Throws as `put`. */
  async remove(
    version: AnnotatedVersion,
    { name, nowMs }: { name: string; nowMs: number },
    news: News | null,
  ): Promise<void> {
    const has = hasAnnotation(version, name);
    await this.#database.batch([
      ...requireVersion(version, null),
      ...announce(version, name, news),
      ...trash(version, { name, exceptId: "", nowMs }),
      ...count(version, "annotations - 1", has.sql, has.values),
      { sql: "DELETE FROM annotations WHERE version_id = ?1 AND name = ?2", values: [version.object.id, name] },
    ]);
  }

  /** Whether the annotation has this id: an uncertain `put` of it was applied. */
  async has(version: Pick<AnnotatedVersion, "object">, { name, id }: { name: string; id: string }): Promise<boolean> {
    const rows = await this.#database.all<{ id: string }>(
      "SELECT id FROM annotations WHERE version_id = ?1 AND name = ?2 AND id = ?3",
      version.object.id,
      name,
      id,
    );
    return rows.length > 0;
  }
}

/** SQL for the id of the version that a ref names: ?1 bucket, ?2 key, ?3 seq, ?4 id. */
function versionId({ bucket, key, version }: ObjectRef): Statement {
  const named = "bucket_id = (SELECT id FROM buckets WHERE name = ?1) AND key = ?2";
  const [seq, id] = version.kind === "id" ? [version.seq, version.id] : [null, null];
  const ids = {
    current: `(SELECT id FROM objects WHERE ${named})`,
    null: `(SELECT id FROM objects WHERE ${named} AND is_null = 1
            UNION ALL SELECT id FROM versions WHERE ${named} AND is_null = 1 AND is_marker = 0 LIMIT 1)`,
    id: "?4",
  };
  return { sql: ids[version.kind], values: [bucket, key, seq, id] };
}

function hasAnnotation({ object }: AnnotatedVersion, name: string): Statement {
  return {
    sql: "EXISTS (SELECT 1 FROM annotations WHERE version_id = ?3 AND name = ?5)",
    values: [object.id, object.seq, name],
  };
}

/** Of a version wherever it is now. ?1 bucket, ?2 key, ?3 id, ?4 seq. */
const ONE_OBJECT = "bucket_id = ?1 AND key = ?2 AND id = ?3";
const ONE_VERSION = "bucket_id = ?1 AND key = ?2 AND seq = ?4 AND id = ?3";

/**
 * The version must be the one that was looked at, with its lock, tags and ACL. `adding`: there must be room for this annotation.
 */
function requireVersion({ bucket, bucketId, object }: AnnotatedVersion, adding: string | null): Statement[] {
  const { lock, tags, attributes } = object;
  const same = `tags IS ?6 AND attributes ->> '$.acl' IS ?7 AND retain_until_ms IS ?8 AND retain_mode IS ?9 AND legal_hold = ?10
    AND event_hold IS ?11
    AND (?5 IS NULL OR annotations < ${ANNOTATIONS_MAX} OR EXISTS (SELECT 1 FROM annotations WHERE version_id = ?3 AND name = ?5))`;
  const unchanged = `EXISTS (SELECT 1 FROM objects WHERE ${ONE_OBJECT} AND ${same})
    OR EXISTS (SELECT 1 FROM versions WHERE ${ONE_VERSION} AND ${same})`;
  const values = [
    bucketId,
    object.key,
    object.id,
    object.seq,
    adding,
    jsonOrNull(tags),
    jsonOrNull((attributes as { acl?: unknown }).acl),
    lock.retainUntilMs,
    lock.retainMode,
    legalHoldNumber(lock.legalHold),
    jsonOrNull(lock.eventHold),
  ];
  return [
    ...(bucket === null ? [] : requireAdmitted(bucket.name, bucket)),
    require("object_changed", unchanged, values),
  ];
}

function trash(
  { object }: AnnotatedVersion,
  { name, exceptId, nowMs }: { name: string; exceptId: string; nowMs: number },
): Statement[] {
  return [
    {
      sql: `INSERT OR IGNORE INTO trash (dropped_ms, id, extents)
            SELECT ?3, id, extents FROM annotations WHERE version_id = ?1 AND name = ?2 AND id <> ?4 AND extents IS NOT NULL`,
      values: [object.id, name, nowMs, exceptId],
    },
  ];
}

/** News of the version, wherever it is, while it has the annotation. */
function announce({ bucket, bucketName, object }: AnnotatedVersion, name: string, news: News | null): Statement[] {
  const bucketIs = "bucket_id = (SELECT id FROM buckets WHERE name = ?1)";
  const has = "EXISTS (SELECT 1 FROM annotations WHERE version_id = ?3 AND name = ?5)";
  const values = [bucketName, object.key, object.id, object.seq, name];
  return (["objects", "versions"] as const).flatMap((table) => {
    const where = `${bucketIs} AND key = ?2 AND seq = ?4 AND id = ?3 AND ${has}`;
    return announceVersions({ table, where, values, content: true }, bucket, news);
  });
}

/** Changes the version's number of annotations, in whichever table it is. */
function count(
  { bucketId, object }: AnnotatedVersion,
  to: string,
  only: string,
  values: Statement["values"],
): Statement[] {
  const all = [bucketId, object.key, ...values];
  return [
    { sql: `UPDATE objects SET annotations = ${to} WHERE ${ONE_OBJECT} AND ${only}`, values: all },
    { sql: `UPDATE versions SET annotations = ${to} WHERE ${ONE_VERSION} AND ${only}`, values: all },
  ];
}

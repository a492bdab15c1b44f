import { type Database, require, type Statement } from "../database.ts";
import { announceVersions, type News } from "../events/outbox.ts";
import { refer } from "../objects/commit.ts";
import { type BlobRow, type ContentRow, type ExtentRow, parseJson, type TagRow } from "../rows.ts";
import type { VersionPlace, VersionTable } from "./packing.ts";

/** A version as a move to another storage class needs it. */
export interface TieredVersion {
  id: string;
  bucketName: string;
  sizeBytes: number;
  storageClass: string;
  /** Access tier within class INTELLIGENT_TIERING; null: the frequent one. */
  tier: string | null;
  /** How its bytes are encrypted; null: they are plain. */
  encryptionForm: string | null;
  /** Of what its row holds besides the extents. */
  otherBytes: number;
  content: ContentRow;
}

/** A version of which some, or all, bytes lie elsewhere from now on. */
export interface TierMove {
  table: VersionTable;
  place: VersionPlace;
  version: TieredVersion;
  content: ContentRow;
  storageClass: string;
  tier: string | null;
  /** Blobs that were written for it. */
  blobs: readonly BlobRow[];
  /** Unguessable and fresh: names what it held in the trash. */
  trashId: string;
  nowMs: number;
  news: News | null;
}

/** A version of class INTELLIGENT_TIERING. */
export interface TierableVersion {
  key: string;
  seq: number;
  id: string;
  sizeBytes: number;
  modifiedMs: number;
  tags: TagRow[];
  tier: string | null;
  /** When it was last read, as `AccessLog` counts days; null: nobody knows. */
  accessDay: number | null;
}

type RawTierable = Omit<TierableVersion, "id" | "tags"> & { id: string | null; tags: string | null };

type RawVersion = Omit<TieredVersion, "content"> & { extents: string | null; inlineBody: string | null };

/** What moves between storage classes ask of D1. Each method is one round trip. */
export class TierTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The version at this place, whichever it is; null: there is none. */
  async find(table: VersionTable, { bucketId, key, seq }: VersionPlace): Promise<TieredVersion | null> {
    const [raw] = await this.#database.all<RawVersion>(
      `SELECT id, (SELECT name FROM buckets b WHERE b.id = bucket_id) AS "bucketName", size_bytes AS "sizeBytes",
         storage_class AS "storageClass", attributes ->> '$.tier' AS tier, attributes ->> '$.encryption.form' AS "encryptionForm",
         ${OTHER_BYTES} AS "otherBytes", extents, inline_body AS "inlineBody"
       FROM ${table} WHERE bucket_id = ?1 AND key = ?2 AND seq = ?3${table === "versions" ? " AND is_marker = 0" : ""}`,
      bucketId,
      key,
      seq,
    );
    if (!raw) return null;
    const { extents, inlineBody, ...row } = raw;
    return { ...row, content: { extents: parseJson<ExtentRow[]>(extents), inlineBody } };
  }

  /** Notes that versions were read on a day, in buckets that have a configuration of Intelligent-Tiering; a row at most each. */
  async noteAccesses(read: readonly { bucketId: number; versionId: string }[], day: number): Promise<void> {
    await this.#database.all(
      `INSERT INTO accesses (bucket_id, version_id, day)
       SELECT r.value ->> 0, r.value ->> 1, ?2 FROM json_each(?1) r
       WHERE EXISTS (SELECT 1 FROM named_configurations c WHERE c.kind = 'intelligent-tiering' AND c.bucket_id = r.value ->> 0)
       ON CONFLICT (bucket_id, version_id) DO UPDATE SET day = excluded.day WHERE day < excluded.day`,
      JSON.stringify(read.map(({ bucketId, versionId }) => [bucketId, versionId])),
      day,
    );
  }

  /** What is noted of a bucket's versions that are gone is forgotten. Reads all notes of the bucket. */
  async forgetAccesses(bucketId: number): Promise<void> {
    await this.#database.all(
      `DELETE FROM accesses WHERE bucket_id = ?1
       AND NOT EXISTS (SELECT 1 FROM objects o WHERE o.bucket_id = ?1 AND o.id = version_id AND o.storage_class = 'INTELLIGENT_TIERING')
       AND NOT EXISTS (SELECT 1 FROM versions v WHERE v.bucket_id = ?1 AND v.id = version_id)`,
      bucketId,
    );
  }

  /**
   * Of what is noted in buckets that have no configuration of Intelligent-Tiering any more, up to `limit` notes are forgotten. Returns how
   * many. Reads the notes before them.
   */
  async forgetUnaskedAccesses(limit: number): Promise<number> {
    const forgotten = await this.#database.all(
      `DELETE FROM accesses WHERE (bucket_id, version_id) IN (SELECT bucket_id, version_id FROM accesses
         WHERE bucket_id NOT IN (SELECT bucket_id FROM named_configurations WHERE kind = 'intelligent-tiering') LIMIT ?1) RETURNING 1`,
      limit,
    );
    return forgotten.length;
  }

  /** The next `limit` versions of a bucket, those of class INTELLIGENT_TIERING among them, with the day of their last access. */
  async tierable(
    table: VersionTable,
    bucketId: number,
    after: { key: string; seq: number } | null,
    limit: number,
  ): Promise<{ versions: TierableVersion[]; next: { key: string; seq: number } | null }> {
    const columns = "key, seq, id, size_bytes, modified_ms, storage_class, tags, attributes";
    const rows = await this.#database.all<RawTierable>(
      `SELECT v.key, v.seq, CASE WHEN v.storage_class = 'INTELLIGENT_TIERING' THEN v.id END AS id, v.size_bytes AS "sizeBytes",
         v.modified_ms AS "modifiedMs", v.tags, v.attributes ->> '$.tier' AS tier, a.day AS "accessDay"
       FROM (SELECT ${columns} FROM ${table} WHERE bucket_id = ?1 AND key >= ?2 AND (key > ?2 OR seq < ?3)
             ORDER BY key, seq DESC LIMIT ?4) v
       LEFT JOIN accesses a ON a.bucket_id = ?1 AND a.version_id = v.id AND v.storage_class = 'INTELLIGENT_TIERING'
       ORDER BY v.key, v.seq DESC`,
      bucketId,
      after?.key ?? "",
      after?.seq ?? 0,
      limit,
    );
    const versions = rows.flatMap(({ id, tags, ...row }) =>
      id === null ? [] : [{ ...row, id, tags: parseJson<TagRow[]>(tags) ?? [] }],
    );
    const last = rows.length < limit ? undefined : rows.at(-1);
    return { versions, next: last ? { key: last.key, seq: last.seq } : null };
  }

  /**
   * Makes the version refer to its new bytes, in one transaction; what it held and holds no more becomes trash. LastModified, ETag and
   * version id stay. Throws `GuardError` object_changed if the version is not what it was, and nothing is applied.
   */
  async move(move: TierMove): Promise<void> {
    await this.#database.batch([
      requireUnchanged(move),
      ...refer(move.blobs, undefined, move.version.id, move.nowMs),
      ...dropOld(move),
      update(move),
      ...announce(move),
    ]);
  }
}

const OTHER_BYTES = ["key", "checksum", "tags", "attributes", "parts", "inline_body"]
  .map((column) => `coalesce(length(CAST(${column} AS BLOB)), 0)`)
  .join(" + ");

const WHERE = "bucket_id = ?1 AND key = ?2 AND seq = ?3";

function requireUnchanged({ table, place, version }: TierMove): Statement {
  const { extents, inlineBody } = version.content;
  const unchanged = `EXISTS (SELECT 1 FROM ${table} WHERE ${WHERE} AND id = ?4 AND storage_class = ?5 AND extents IS ?6
    AND (inline_body IS NULL) = ?7 AND attributes ->> '$.tier' IS ?8)`;
  const values = [
    place.bucketId,
    place.key,
    place.seq,
    version.id,
    version.storageClass,
    extents === null ? null : JSON.stringify(extents),
    inlineBody === null ? 1 : 0,
    version.tier,
  ];
  return require("object_changed", unchanged, values);
}

/** A reference that an extent which stays shares with one that goes must stay. */
function dropOld({ version, content, trashId, nowMs }: TierMove): Statement[] {
  const nameOf = (extent: ExtentRow) => `${extent[2]} ${extent[4]}`;
  const kept = new Set((content.extents ?? []).map(nameOf));
  const dropped = (version.content.extents ?? []).filter((extent) => !kept.has(nameOf(extent)));
  if (dropped.length === 0) return [];
  return [
    {
      sql: "INSERT INTO trash (dropped_ms, id, extents) VALUES (?1, ?2, ?3)",
      values: [nowMs, trashId, JSON.stringify(dropped)],
    },
  ];
}

function update({ table, place, version, content, storageClass, tier }: TierMove): Statement {
  return {
    sql: `UPDATE ${table} SET storage_class = ?4, extents = ?5,
            inline_body = CASE WHEN ?6 IS NULL THEN inline_body ELSE ?6 END,
            attributes = CASE WHEN ?7 IS NULL THEN json_remove(attributes, '$.tier') ELSE json_set(attributes, '$.tier', ?7) END
          WHERE ${WHERE}`,
    values: [
      place.bucketId,
      place.key,
      place.seq,
      storageClass,
      content.extents === null ? null : JSON.stringify(content.extents),
      content.inlineBody === version.content.inlineBody ? null : content.inlineBody,
      tier,
    ],
  };
}

/** Only of a move that is complete. */
function announce({ table, place, version, storageClass, news }: TierMove): Statement[] {
  const where = "bucket_id = ?2 AND key = ?3 AND seq = ?4 AND storage_class = ?5";
  const values = [version.bucketName, place.bucketId, place.key, place.seq, storageClass];
  return announceVersions({ table, where, values, content: true }, null, news);
}

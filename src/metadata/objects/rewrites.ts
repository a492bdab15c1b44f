import { noteMissing } from "../blobs/damage.ts";
import type { VersionPlace, VersionTable } from "../blobs/packing.ts";
import type { Database, Statement } from "../database.ts";
import { type BlobRow, type ContentRow, jsonOrNull } from "../rows.ts";
import { insertBlobs } from "./commit.ts";

/** A version whose bytes were written again, from what its row held when they were read. */
export interface Rewrite {
  table: VersionTable;
  place: VersionPlace;
  id: string;
  from: ContentRow;
  /** The sealed key that the row had then; null: it was plain. */
  sealed: string | null;
  to: ContentRow;
  /** Blobs that were written for `to`. The version's id is their referent. */
  blobs: readonly BlobRow[];
  /** Absent: encrypted as before, under the same key. */
  encryption?: object;
}

/** An annotation whose bytes were written again; `layers` as in its row. */
export interface AnnotationRewrite {
  /** The version that it belongs to, in either table. */
  versionId: string;
  name: string;
  id: string;
  from: ContentRow;
  layers: { from: 0 | 1 | 2; to: 0 | 1 | 2 };
  to: ContentRow;
  blobs: readonly BlobRow[];
}

/** ?1 bucket, ?2 key, ?3 seq, ?4 id, ?5 extents, ?6 inline body, ?7 sealed key. */
const UNCHANGED = `bucket_id = ?1 AND key = ?2 AND seq = ?3 AND id = ?4 AND extents IS ?5 AND inline_body IS ?6
  AND attributes ->> '$.encryption.sealed' IS ?7`;
/** ?1 version, ?2 name, ?3 id, ?4 extents, ?5 inline body, ?6 layers. */
const SAME_ANNOTATION =
  "version_id = ?1 AND name = ?2 AND id = ?3 AND extents IS ?4 AND inline_body IS ?5 AND layers = ?6";

/**
 * Makes versions refer to the same bytes in another form: encrypted, or in another geometry. Nothing else about them changes. Each
 * method is one batch.
 */
export class Rewrites {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Puts `to` in the place of `from`, which becomes trash, if the row is still what it was: the version was not replaced, removed, moved
   * between the tables, appended to, encrypted or sealed again. Otherwise nothing changes but that the new blobs are condemned at
   * once. Repeating it is harmless. Returns whether the row was changed.
   */
  async version(rewrite: Rewrite, nowMs: number): Promise<boolean> {
    const { table, place, from, to } = rewrite;
    const row = [place.bucketId, place.key, place.seq, rewrite.id];
    const values = [...row, jsonOrNull(from.extents), from.inlineBody, rewrite.sealed];
    return this.#replace({
      table,
      where: UNCHANGED,
      values,
      set: `extents = ?8, inline_body = ?9,
        attributes = CASE WHEN ?10 IS NULL THEN attributes ELSE json_set(attributes, '$.encryption', json(?10)) END`,
      to: [jsonOrNull(to.extents), to.inlineBody, jsonOrNull(rewrite.encryption ?? null)],
      referent: rewrite.id,
      blobs: rewrite.blobs,
      nowMs,
    });
  }

  /** The same for an annotation. It keeps its id. */
  async annotation(rewrite: AnnotationRewrite, nowMs: number): Promise<boolean> {
    const { versionId, name, id, from, to, layers } = rewrite;
    return this.#replace({
      table: "annotations",
      where: SAME_ANNOTATION,
      values: [versionId, name, id, jsonOrNull(from.extents), from.inlineBody, layers.from],
      set: "extents = ?7, inline_body = ?8, layers = ?9",
      to: [jsonOrNull(to.extents), to.inlineBody, layers.to],
      referent: id,
      blobs: rewrite.blobs,
      nowMs,
    });
  }

  async #replace(change: Replacement): Promise<boolean> {
    const { table, where, values, blobs, nowMs, referent } = change;
    const next = values.length + 1;
    const blobIds = JSON.stringify(blobs.map(({ id }) => id));
    const refer: Statement[] =
      blobs.length === 0
        ? []
        : [
            insertBlobs(blobs, null),
            {
              sql: `INSERT OR IGNORE INTO blob_refs (blob_id, referent) SELECT j.value, ?${next + 1} FROM json_each(?${next}) j
                    WHERE EXISTS (SELECT 1 FROM ${table} WHERE ${where})`,
              values: [...values, blobIds, referent],
            },
          ];
    const condemn: Statement[] =
      blobs.length === 0
        ? []
        : [
            {
              sql: `UPDATE blobs SET condemned_ms = ?2 WHERE id IN (SELECT value FROM json_each(?1)) AND condemned_ms IS NULL
                    AND NOT EXISTS (SELECT 1 FROM blob_refs WHERE blob_id = blobs.id)`,
              values: [blobIds, nowMs],
            },
            ...noteMissing(blobs, nowMs),
          ];
    const results = await this.#database.batch<{ id: string }[]>([
      ...refer,
      {
        // Under an id of its own: the row may itself become trash in the same millisecond.
        sql: `INSERT OR IGNORE INTO trash (dropped_ms, id, extents)
              SELECT ?${next}, id || '-before', extents FROM ${table} WHERE ${where} AND extents IS NOT NULL`,
        values: [...values, nowMs],
      },
      { sql: `UPDATE ${table} SET ${change.set} WHERE ${where} RETURNING id`, values: [...values, ...change.to] },
      ...condemn,
    ]);
    return (results[refer.length + 1] as { id: string }[]).length > 0;
  }
}

interface Replacement {
  table: VersionTable | "annotations";
  /** The row as it was read, with `values`. */
  where: string;
  values: readonly (string | number | null)[];
  set: string;
  to: readonly (string | number | null)[];
  referent: string;
  blobs: readonly BlobRow[];
  nowMs: number;
}

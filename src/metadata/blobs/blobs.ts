import type { Database, Statement } from "../database.ts";
import { type DriveTable, missed, NOTICES } from "../drives/drives.ts";
import { type BlobRow, type ExtentRow, parseBlob, type RawBlob } from "../rows.ts";
import { type DamageCause, noteDamage } from "./damage.ts";

const COLUMNS = "id, k, m, block_bytes, size_bytes, crc64nvme, shards, storage_class";

/** D1 takes parameters of 2 MB, and the extents of one object may have 1 MB. */
const TRASH_BYTES_MAX = 500_000;
/** Each is a row to delete, and the version of one has up to 1,000. */
const TRASH_ANNOTATIONS_MAX = 2_000;

/** A place in the order in which blobs were condemned. */
export interface CondemnedPlace {
  condemnedMs: number;
  id: string;
}

export type CondemnedBlob = BlobRow & CondemnedPlace;

export interface TrashRow {
  droppedMs: number;
  id: string;
  extents: ExtentRow[];
  /** How many annotations of the version with this id go with it. */
  annotations: number;
}

/** Blobs and what holds them. States of a blob: held by references → condemned (no reference is left, none can be added) → gone. */
export class BlobTable {
  readonly #database: Database;

  readonly #drives: Pick<DriveTable, "tell">;

  /** `drives` is told of drives in trouble whenever damage is noted. */
  constructor(database: Database, drives: Pick<DriveTable, "tell">) {
    this.#database = database;
    this.#drives = drives;
  }

  /** The blobs with these ids, in no order; those that are gone are left out. */
  async find(ids: readonly string[]): Promise<BlobRow[]> {
    const raw = await this.#database.all<RawBlob>(
      `SELECT ${COLUMNS} FROM blobs WHERE id IN (SELECT value FROM json_each(?1))`,
      JSON.stringify(ids),
    );
    return raw.map(parseBlob);
  }

  /**
   * Notes shards that a reader found absent or wrong, for healing. A blob that is gone meanwhile is passed over. `missedDrives`: those
   * on which a shard was absent or cut short; a sample of their others will be looked for.
   */
  async noteDamage(
    found: readonly { blobId: string; shard: number; cause: DamageCause }[],
    missedDrives: readonly string[],
    nowMs: number,
  ): Promise<void> {
    if (found.length === 0) return;
    const results = await this.#database.batch<unknown[][]>([
      ...noteDamage(found, nowMs),
      ...(missedDrives.length > 0 ? [missed(missedDrives, nowMs)] : []),
      NOTICES,
    ]);
    this.#drives.tell(results.at(-1) ?? []);
  }

  /**
   * The oldest trash dropped before `beforeMs`: fewer rows than `limit` where they are large, because D1 takes 2 MB at a time, or have
   * many annotations.
   */
  async trash(beforeMs: number, limit: number): Promise<TrashRow[]> {
    const oldest = `SELECT dropped_ms, id, extents, annotations FROM trash WHERE dropped_ms < ?1 ORDER BY dropped_ms, id LIMIT ?2`;
    const rows = await this.#database.all<Omit<TrashRow, "extents"> & { extents: string }>(
      `SELECT dropped_ms AS "droppedMs", id, extents, annotations FROM (
         SELECT *, sum(length(extents)) OVER (ORDER BY dropped_ms, id) - length(extents) AS bytes_before,
           sum(annotations) OVER (ORDER BY dropped_ms, id) - annotations AS annotations_before FROM (${oldest})
       ) WHERE bytes_before < ${TRASH_BYTES_MAX} AND annotations_before < ${TRASH_ANNOTATIONS_MAX} ORDER BY dropped_ms, id`,
      beforeMs,
      limit,
    );
    return rows.map((row) => ({ ...row, extents: JSON.parse(row.extents) }));
  }

  /** How many rows of trash were dropped before `beforeMs`. */
  async countTrash(beforeMs: number): Promise<number> {
    const [row] = await this.#database.all<{ n: number }>(
      "SELECT count(*) AS n FROM trash WHERE dropped_ms < ?1",
      beforeMs,
    );
    return row?.n ?? 0;
  }

  /**
   * Empties this trash, in one transaction: its references go, with those of annotations whose version it is, and blobs that have none
   * left are condemned. Idempotent.
   * From then on a commit that would refer to such a blob fails (guard blob_gone).
   */
  async releaseTrash(rows: readonly TrashRow[], nowMs: number): Promise<void> {
    const pairs = JSON.stringify(rows.flatMap((row) => row.extents.map((extent) => [extent[2], extent[4]])));
    const keys = JSON.stringify(rows.map((row) => [row.droppedMs, row.id]));
    const blobIds = "SELECT json_extract(value, '$[0]') FROM json_each(?1)";
    const annotated = rows.filter(({ annotations }) => annotations > 0).map(({ id }) => id);
    await this.#database.batch([
      ...(annotated.length > 0 ? releaseAnnotations(annotated, nowMs) : []),
      {
        sql: `DELETE FROM blob_refs WHERE (blob_id, referent) IN
              (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?1))`,
        values: [pairs],
      },
      {
        sql: `UPDATE blobs SET condemned_ms = ?2 WHERE id IN (${blobIds}) AND condemned_ms IS NULL
              AND NOT EXISTS (SELECT 1 FROM blob_refs r WHERE r.blob_id = blobs.id)`,
        values: [pairs, nowMs],
      },
      {
        sql: `DELETE FROM trash WHERE (dropped_ms, id) IN
              (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?1))`,
        values: [keys],
      },
    ]);
  }

  /** Condemned blobs after `after`, those first that were condemned first. One that is referred to all the same is not among them. */
  async condemned(after: CondemnedPlace | null, limit: number): Promise<CondemnedBlob[]> {
    const raw = await this.#database.all<RawBlob & { condemned_ms: number }>(
      `SELECT ${COLUMNS}, condemned_ms FROM blobs b WHERE condemned_ms >= ?1 AND (condemned_ms, id) > (?1, ?2)
         AND NOT EXISTS (SELECT 1 FROM blob_refs r WHERE r.blob_id = b.id)
       ORDER BY condemned_ms, id LIMIT ?3`,
      after?.condemnedMs ?? 0,
      after?.id ?? "",
      limit,
    );
    return raw.map((row) => ({ ...parseBlob(row), condemnedMs: row.condemned_ms }));
  }

  /** Takes deleted shards out of condemned blobs: what these rows still name is left to delete. */
  async keepOnly(left: readonly Pick<BlobRow, "id" | "shards">[]): Promise<void> {
    await this.#database.all(
      `UPDATE blobs SET shards = l.value ->> 1 FROM json_each(?1) l WHERE blobs.id = l.value ->> 0 AND condemned_ms IS NOT NULL`,
      JSON.stringify(left.map(({ id, shards }) => [id, JSON.stringify(shards)])),
    );
  }

  /** Forgets condemned blobs whose shards are deleted. */
  async forget(ids: readonly string[]): Promise<void> {
    const these = "(SELECT value FROM json_each(?1))";
    const values = [JSON.stringify(ids)];
    await this.#database.batch([
      { sql: `DELETE FROM damage WHERE blob_id IN ${these}`, values },
      { sql: `DELETE FROM blobs WHERE id IN ${these} AND condemned_ms IS NOT NULL`, values },
    ]);
  }
}

/** Removes the annotations of versions that are gone, as `releaseTrash` empties trash. */
function releaseAnnotations(versionIds: readonly string[], nowMs: number): Statement[] {
  const list = JSON.stringify(versionIds);
  const held = `FROM annotations a, json_each(a.extents) e WHERE a.version_id IN (SELECT value FROM json_each(?1))`;
  return [
    {
      sql: `DELETE FROM blob_refs WHERE (blob_id, referent) IN (SELECT e.value ->> 2, e.value ->> 4 ${held})`,
      values: [list],
    },
    {
      sql: `UPDATE blobs SET condemned_ms = ?2 WHERE id IN (SELECT e.value ->> 2 ${held}) AND condemned_ms IS NULL
            AND NOT EXISTS (SELECT 1 FROM blob_refs r WHERE r.blob_id = blobs.id)`,
      values: [list, nowMs],
    },
    { sql: "DELETE FROM annotations WHERE version_id IN (SELECT value FROM json_each(?1))", values: [list] },
  ];
}

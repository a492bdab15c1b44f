import type { Database } from "../database.ts";
import { type BucketRow, bucketColumns, type RawBucket } from "../rows.ts";
import type { AccessMemory } from "./access-memory.ts";
import { type AdmittedBucket, requireAdmitted } from "./buckets.ts";
import type { NamedKind } from "./named-kinds.ts";

export interface NamedConfiguration {
  id: string;
  /** JSON. */
  document: string;
}

/** One of them with its bucket, for the job that does what it says. */
export interface DueConfiguration extends NamedConfiguration {
  bucketId: number;
  bucket: string;
  /** Canonical id, and account, of the bucket's owner; null: the first account. */
  owner: string;
  ownerAccount: string | null;
  setMs: number;
  /** For which time that was last done; null: never. */
  doneMs: number | null;
}

/** Named configurations of buckets. Each method is one round trip. */
export class NamedConfigurationTable {
  readonly #database: Database;
  readonly #memory: AccessMemory;

  constructor(database: Database, memory: AccessMemory) {
    this.#database = database;
    this.#memory = memory;
  }

  /** Those of the kind whose ids are after `after`, in order of ids; `id` instead: that one. Null where there is no such bucket. */
  async list(
    name: string,
    kind: NamedKind,
    { after = "", limit = 1, id }: { after?: string; limit?: number; id?: string },
  ): Promise<{ bucket: BucketRow; found: NamedConfiguration[] } | null> {
    const known = this.#memory.of(name);
    const which = id === undefined ? "c.id > ?4" : "c.id = ?4";
    const [[row], found] = await this.#database.batch<[RawBucket, NamedConfiguration]>([
      { sql: `SELECT ${bucketColumns("?2")} FROM buckets WHERE name = ?1`, values: [name, known?.id ?? null] },
      {
        sql: `SELECT c.id, c.document FROM named_configurations c
              WHERE c.kind = ?2 AND c.bucket_id = (SELECT b.id FROM buckets b WHERE b.name = ?1) AND ${which} ORDER BY c.id LIMIT ?3`,
        values: [name, kind, limit, id ?? after],
      },
    ]);
    return row ? { bucket: this.#memory.complete(row, known), found } : null;
  }

  /**
   * Sets a configuration; false: the bucket has `most` others. Throws `GuardError` no_such_bucket, bucket_access_changed.
   */
  async set(
    name: string,
    { kind, id, document, nowMs, most }: NamedConfiguration & { kind: NamedKind; nowMs: number; most: number },
    admitted: AdmittedBucket | null,
  ): Promise<boolean> {
    const before = requireAdmitted(name, admitted);
    const bucketId = "(SELECT b.id FROM buckets b WHERE b.name = ?1)";
    const results: unknown[][] = await this.#database.batch<unknown[]>([
      ...before,
      {
        sql: `INSERT INTO named_configurations (kind, bucket_id, id, document, set_ms)
              SELECT ?2, ${bucketId}, ?3, ?4, ?5
              WHERE (SELECT count(*) FROM named_configurations WHERE kind = ?2 AND bucket_id = ${bucketId} AND id <> ?3) < ?6
              ON CONFLICT (kind, bucket_id, id) DO UPDATE SET document = excluded.document
              RETURNING id`,
        values: [name, kind, id, document, nowMs, most],
      },
    ]);
    return (results[before.length] ?? []).length > 0;
  }

  /** Removes a configuration; false: there is none. Throws as `set`. */
  async remove(
    name: string,
    { kind, id }: { kind: NamedKind; id: string },
    admitted: AdmittedBucket | null,
  ): Promise<boolean> {
    const before = requireAdmitted(name, admitted);
    const results: unknown[][] = await this.#database.batch<unknown[]>([
      ...before,
      {
        sql: `DELETE FROM named_configurations WHERE kind = ?2 AND id = ?3
              AND bucket_id = (SELECT b.id FROM buckets b WHERE b.name = ?1) RETURNING id`,
        values: [name, kind, id],
      },
    ]);
    return (results[before.length] ?? []).length > 0;
  }

  /** All of a kind, of buckets that are there, after one of them. */
  due(kind: NamedKind, after: { bucketId: number; id: string } | null, limit: number): Promise<DueConfiguration[]> {
    return this.#database.all<DueConfiguration>(
      `SELECT c.bucket_id AS "bucketId", b.name AS bucket, b.owner, b.owner_account AS "ownerAccount", c.id, c.document,
         c.set_ms AS "setMs", c.done_ms AS "doneMs"
       FROM named_configurations c CROSS JOIN buckets b ON b.id = c.bucket_id
       WHERE c.kind = ?1 AND (c.bucket_id, c.id) > (?2, ?3) ORDER BY c.bucket_id, c.id LIMIT ?4`,
      kind,
      after?.bucketId ?? 0,
      after?.id ?? "",
      limit,
    );
  }

  /** Notes that what the configuration says was done for a time. */
  async done(kind: NamedKind, { bucketId, id }: { bucketId: number; id: string }, doneMs: number): Promise<void> {
    await this.#database.all(
      "UPDATE named_configurations SET done_ms = ?4 WHERE kind = ?1 AND bucket_id = ?2 AND id = ?3",
      kind,
      bucketId,
      id,
      doneMs,
    );
  }
}

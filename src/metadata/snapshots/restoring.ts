import { recount } from "../blobs/damage.ts";
import type { Database, Statement } from "../database.ts";
import type { SnapshotTableName } from "./snapshots.ts";

const BLOBS_PER_PAGE = 2_000;

/** What rebuilding the database from a snapshot asks of D1. Every method may be repeated. */
export class RestoringTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Nothing is stored in it that a restore could mix up with what it brings. */
  async isEmpty(): Promise<boolean> {
    const tables = ["buckets", "objects", "versions", "uploads", "blobs", "entities", "access_keys", "kms_keys"];
    const [row] = await this.#database.all<{ found: number }>(
      `SELECT ${tables.map((table) => `EXISTS (SELECT 1 FROM ${table})`).join(" OR ")} AS found`,
    );
    return row?.found === 0;
  }

  /**
   * Puts rows back, with the references of versions. Columns that this database does not have any more are an error; those that it
   * has gained have their defaults.
   */
  async insert(table: SnapshotTableName, columns: readonly string[], rows: readonly unknown[][]): Promise<void> {
    const values = [JSON.stringify(rows)];
    const extents = columns.indexOf("extents");
    const statements: Statement[] = [
      {
        sql: `INSERT OR REPLACE INTO ${table} (${columns.join(", ")})
              SELECT ${columns.map((_, index) => `value ->> ${index}`).join(", ")} FROM json_each(?1)`,
        values,
      },
    ];
    // References of parts and annotations wait until it is known which uploads and versions there are.
    if (extents >= 0 && table !== "parts" && table !== "annotations") {
      statements.push({
        sql: `INSERT OR IGNORE INTO blob_refs (blob_id, referent)
              SELECT e.value ->> 2, e.value ->> 4 FROM json_each(?1) r, json_each(r.value ->> ${extents}) e
              WHERE r.value ->> ${extents} IS NOT NULL`,
        values,
      });
    }
    await this.#database.batch(statements);
  }

  /**
   * Takes out what the pages of one snapshot, read one after the other, may have too much: uploads that were completed
   * meanwhile, parts of uploads that are not there, versions that are the current one too. Then the parts' references are put back.
   * Annotations of versions that are not there go alike, and versions have as many as were found.
   */
  async finishUploads(): Promise<void> {
    const same = (table: string) =>
      `EXISTS (SELECT 1 FROM ${table} v WHERE v.bucket_id = uploads.bucket_id AND v.key = uploads.key AND v.id = uploads.id)`;
    await this.#database.batch([
      { sql: `DELETE FROM uploads WHERE ${same("objects")} OR ${same("versions")}`, values: [] },
      { sql: "DELETE FROM parts WHERE NOT EXISTS (SELECT 1 FROM uploads u WHERE u.id = upload_id)", values: [] },
      {
        sql: `DELETE FROM versions WHERE EXISTS (SELECT 1 FROM objects o
              WHERE o.bucket_id = versions.bucket_id AND o.key = versions.key AND o.id = versions.id)`,
        values: [],
      },
      {
        sql: `INSERT OR IGNORE INTO blob_refs (blob_id, referent)
              SELECT e.value ->> 2, e.value ->> 4 FROM parts, json_each(parts.extents) e`,
        values: [],
      },
      {
        sql: `DELETE FROM annotations WHERE version_id NOT IN (SELECT id FROM objects UNION ALL SELECT id FROM versions)`,
        values: [],
      },
      ...["objects", "versions"].map((table) => ({
        sql: `UPDATE ${table} SET annotations = (SELECT count(*) FROM annotations a WHERE a.version_id = ${table}.id)
              WHERE annotations > 0 OR id IN (SELECT version_id FROM annotations)`,
        values: [],
      })),
      {
        sql: `INSERT OR IGNORE INTO blob_refs (blob_id, referent)
              SELECT e.value ->> 2, e.value ->> 4 FROM annotations a, json_each(a.extents) e`,
        values: [],
      },
    ]);
  }

  /** Takes out rows of buckets that are none of these: they were deleted while the snapshot was read, empty. */
  async dropForeignRows(bucketIds: readonly number[]): Promise<void> {
    const values = [JSON.stringify(bucketIds)];
    const dropped = (table: string) => ({
      sql: `DELETE FROM ${table} WHERE bucket_id NOT IN (SELECT value FROM json_each(?1))`,
      values,
    });
    const tables = [
      "objects",
      "versions",
      "uploads",
      "named_configurations",
      "accesses",
      "quotas",
      "usage_days",
      "search_indexes",
    ];
    await this.#database.batch(tables.map(dropped));
  }

  /** Lifecycles are read after the buckets: some may be of buckets that were made after these. A new bucket may get the id of one. */
  async dropForeignLifecycles(): Promise<void> {
    await this.#database.all("DELETE FROM lifecycles WHERE bucket_id NOT IN (SELECT id FROM buckets)");
  }

  /**
   * The next blobs after `afterId`: those that nothing refers to go (their shards are the walk's), shards that were missing are noted
   * again for healing. Returns where to go on, or null at the end.
   */
  async finishBlobs(afterId: string, nowMs: number): Promise<string | null> {
    const page = await this.#database.all<{ id: string; incomplete: number }>(
      `SELECT id, EXISTS (SELECT 1 FROM json_each(b.shards) s WHERE s.type = 'null') AS incomplete
       FROM blobs b WHERE id > ?1 ORDER BY id LIMIT ${BLOBS_PER_PAGE}`,
      afterId,
    );
    const last = page.at(-1)?.id;
    if (last === undefined) return null;
    const incomplete = page.filter((blob) => blob.incomplete === 1).map(({ id }) => id);
    await this.#database.batch([
      {
        sql: `INSERT OR IGNORE INTO damage (blob_id, shard, cause, noted_ms)
              SELECT b.id, s.key, 'not-written', ?2 FROM json_each(?1) j JOIN blobs b ON b.id = j.value, json_each(b.shards) s
              WHERE s.type = 'null'`,
        values: [JSON.stringify(incomplete), nowMs],
      },
      recount(incomplete, nowMs),
      {
        sql: `DELETE FROM blobs WHERE id > ?1 AND id <= ?2
              AND NOT EXISTS (SELECT 1 FROM blob_refs r WHERE r.blob_id = blobs.id)`,
        values: [afterId, last],
      },
    ]);
    return last;
  }

  /** References to blobs that are not there: bytes that cannot be read. */
  async countLostReferences(): Promise<number> {
    const [row] = await this.#database.all<{ n: number }>(
      "SELECT count(*) AS n FROM blob_refs r WHERE NOT EXISTS (SELECT 1 FROM blobs b WHERE b.id = r.blob_id)",
    );
    return row?.n ?? 0;
  }

  /**
   * Counts again what is counted: pages of a snapshot are of different moments. Every account gets another epoch, so that nothing
   * which isolates remember of the lost database counts here.
   */
  async finishIdentities(nowMs: number): Promise<void> {
    const entities = (kind: string) =>
      `(SELECT count(*) FROM entities e WHERE e.account_id = accounts.id AND e.kind = '${kind}')`;
    await this.#database.batch([
      {
        sql: `UPDATE accounts SET access_epoch = max(access_epoch + 1, ?1), user_count = ${entities("user")}, group_count = ${entities("group")}, role_count = ${entities("role")},
                policy_count = (SELECT count(*) FROM policies p WHERE p.account_id = accounts.id),
                policy_version_count = (SELECT count(*) FROM policies p JOIN policy_versions v USING (arn) WHERE p.account_id = accounts.id),
                provider_count = (SELECT count(*) FROM oidc_providers o WHERE o.account_id = accounts.id),
                key_count = (SELECT count(*) FROM kms_keys k WHERE k.account_id = accounts.id AND k.manager = 'CUSTOMER')`,
        values: [nowMs],
      },
      { sql: "DELETE FROM attachments WHERE NOT EXISTS (SELECT 1 FROM entities e WHERE e.id = entity_id)", values: [] },
      // Of topics that were deleted before they were read: a new topic may get the id of one.
      { sql: "DELETE FROM subscriptions WHERE topic_id NOT IN (SELECT id FROM topics)", values: [] },
      {
        sql: `UPDATE policies SET attachments = (SELECT count(*) FROM attachments t
              WHERE t.account_id = policies.account_id AND t.policy_arn = policies.arn)`,
        values: [],
      },
    ]);
  }

  /** Keeps where jobs go on. */
  async setCursors(cursors: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#database.batch(
      Object.entries(cursors).map(([name, cursor]) => ({
        sql: `INSERT INTO jobs (name, cursor) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor`,
        values: [name, cursor === null ? null : JSON.stringify(cursor)],
      })),
    );
  }
}

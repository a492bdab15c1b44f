import type { AccessMemory } from "../buckets/access-memory.ts";
import { type AdmittedBucket, requireAdmitted } from "../buckets/buckets.ts";
import type { Database } from "../database.ts";
import { type BucketRow, bucketColumns, type RawBucket } from "../rows.ts";

/** Notification configurations of buckets. Each method is one round trip. */
export class NotificationTable {
  readonly #database: Database;
  readonly #memory: AccessMemory;

  constructor(database: Database, memory: AccessMemory) {
    this.#database = database;
    this.#memory = memory;
  }

  /** The bucket and its configuration as JSON text, null where it has none; null for both where there is no such bucket. */
  async find(name: string): Promise<{ bucket: BucketRow; configuration: string | null } | null> {
    const known = this.#memory.of(name);
    const [row] = await this.#database.all<RawBucket & { text: string | null }>(
      `SELECT ${bucketColumns("?2")}, (SELECT n.configuration FROM notifications n WHERE n.id = notification_id) AS text
       FROM buckets WHERE name = ?1`,
      name,
      known?.id ?? null,
    );
    if (!row) return null;
    const { text, ...bucket } = row;
    return { bucket: this.#memory.complete(bucket, known), configuration: text };
  }

  /**
   * Sets the configuration (JSON text) under a fresh id, or takes it away (null). Every write that assumes another one fails from then
   * on. What it replaces is kept for news that is on its way. Throws `GuardError` no_such_bucket, bucket_access_changed.
   */
  async set(
    name: string,
    { id, configuration, nowMs }: { id: string; configuration: string | null; nowMs: number },
    admitted: AdmittedBucket | null,
  ): Promise<void> {
    const values = [name, configuration === null ? null : id, nowMs];
    await this.#database.batch([
      ...requireAdmitted(name, admitted),
      {
        sql: "UPDATE notifications SET replaced_ms = ?2 WHERE id = (SELECT notification_id FROM buckets WHERE name = ?1)",
        values: [name, nowMs],
      },
      ...(configuration === null
        ? []
        : [
            {
              sql: `INSERT INTO notifications (id, bucket, owner, owner_account, region, configuration)
                    SELECT ?2, name, owner, owner_account, region, ?4 FROM buckets WHERE name = ?1`,
              values: [name, id, null, configuration],
            },
          ]),
      { sql: "UPDATE buckets SET notification_id = ?2 WHERE name = ?1", values: values.slice(0, 2) },
    ]);
  }
}

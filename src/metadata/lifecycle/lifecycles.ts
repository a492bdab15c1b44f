import { type AdmittedBucket, requireAdmitted } from "../buckets/buckets.ts";
import { type Database, require, type Statement } from "../database.ts";
import type { RuledBucket } from "../objects/version-rules.ts";
import { parseJson } from "../rows.ts";

/** A walk over a bucket whose turn it is. */
export interface DueWalk {
  readonly bucket: RuledBucket & { readonly name: string };
  /** Of the configuration; another one whenever it is set. */
  readonly lifecycleId: string;
  readonly configuration: object;
  /** Since when the walk is due. */
  readonly dueMs: number;
  /** How far it has come, as `keep` was told; null: it begins. */
  readonly walk: unknown;
}

/** How late walks are. */
export interface LifecycleBacklog {
  /** Buckets that have a configuration. */
  readonly buckets: number;
  /** Those whose walk is due and has not come to its end. */
  readonly due: number;
  /** Since when the oldest of these is due; null: there is none. */
  readonly oldestMs: number | null;
}

type RawWalk = Omit<DueWalk, "bucket" | "configuration" | "walk"> &
  DueWalk["bucket"] & { configuration: string; walk: string | null };

/** Lifecycle configurations of buckets, and the walks that carry them out. Each method is one round trip. */
export class LifecycleTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Sets the configuration (JSON), or takes it away (null). `id` becomes its id, and that of the bucket's access settings: every write that
   * assumes the old configuration fails from then on. A walk that is under way under the old one ends; one under the
   * new one is due at once. Throws `GuardError` no_such_bucket, bucket_access_changed.
   */
  async set(
    name: string,
    { id, configuration, nowMs }: { id: string; configuration: object | null; nowMs: number },
    admitted: AdmittedBucket | null,
  ): Promise<void> {
    const change: Statement =
      configuration === null
        ? { sql: "DELETE FROM lifecycles WHERE bucket_id = (SELECT id FROM buckets WHERE name = ?1)", values: [name] }
        : {
            sql: `INSERT OR REPLACE INTO lifecycles (bucket_id, lifecycle_id, next_ms, due_ms, configuration)
                  SELECT id, ?2, ?3, ?3, ?4 FROM buckets WHERE name = ?1`,
            values: [name, id, nowMs, JSON.stringify(configuration)],
          };
    await this.#database.batch([
      ...requireAdmitted(name, admitted),
      change,
      {
        sql: "UPDATE buckets SET access = coalesce(access, '{}'), access_id = ?2 WHERE name = ?1",
        values: [name, id],
      },
    ]);
  }

  /**
   * The walk that has waited longest for its turn; null: none is due. A turn that lies more than a day ahead was given while the clock
   * was wrong, or days were longer: it is now.
   */
  async nextDue(nowMs: number, dayMs: number): Promise<DueWalk | null> {
    const [, [raw]] = await this.#database.batch<[unknown, RawWalk]>([
      {
        sql: "UPDATE lifecycles SET next_ms = ?1, due_ms = ?1 WHERE next_ms > ?1 + ?2",
        values: [nowMs, dayMs],
      },
      {
        sql: `SELECT b.id, b.name, b.versioning, b.object_lock AS "objectLock", b.access_id AS "accessId",
         b.notification_id AS "notificationId", l.lifecycle_id AS "lifecycleId", l.due_ms AS "dueMs", l.walk, l.configuration
       FROM lifecycles l CROSS JOIN buckets b ON b.id = l.bucket_id WHERE l.next_ms <= ?1 ORDER BY l.next_ms LIMIT 1`,
        values: [nowMs],
      },
    ]);
    if (!raw) return null;
    const { lifecycleId, dueMs, walk, configuration, ...bucket } = raw;
    return { bucket, lifecycleId, dueMs, walk: parseJson(walk), configuration: JSON.parse(configuration) };
  }

  /** Keeps how far a walk has come; others get their turn before it goes on. Nothing happens if the configuration is another one. */
  async keep(walk: Pick<DueWalk, "bucket" | "lifecycleId">, at: { walk: unknown; turnMs: number }): Promise<void> {
    await this.#database.all(
      "UPDATE lifecycles SET walk = ?3, next_ms = ?4 WHERE bucket_id = ?1 AND lifecycle_id = ?2",
      walk.bucket.id,
      walk.lifecycleId,
      JSON.stringify(at.walk),
      at.turnMs,
    );
  }

  /** Ends a walk that began at `walkedMs`; the next one is due at `dueMs`. Nothing happens if the configuration is another one. */
  async end(
    walk: Pick<DueWalk, "bucket" | "lifecycleId">,
    { walkedMs, dueMs, report }: { walkedMs: number; dueMs: number; report: object },
  ): Promise<void> {
    await this.#database.all(
      `UPDATE lifecycles SET walk = NULL, walked_ms = ?3, next_ms = ?4, due_ms = ?4, report = ?5
       WHERE bucket_id = ?1 AND lifecycle_id = ?2`,
      walk.bucket.id,
      walk.lifecycleId,
      walkedMs,
      dueMs,
      JSON.stringify(report),
    );
  }

  async backlog(nowMs: number): Promise<LifecycleBacklog> {
    const [row] = await this.#database.all<LifecycleBacklog>(
      `SELECT (SELECT count(*) FROM lifecycles) AS buckets, (SELECT count(*) FROM lifecycles WHERE due_ms <= ?1) AS due,
         (SELECT min(due_ms) FROM lifecycles WHERE due_ms <= ?1) AS "oldestMs"`,
      nowMs,
    );
    return row ?? { buckets: 0, due: 0, oldestMs: null };
  }
}

/** Fails the batch with bucket_changed unless the bucket's lifecycle configuration is the one with this id. */
export function requireLifecycle({ bucket, lifecycleId }: Pick<DueWalk, "bucket" | "lifecycleId">): Statement {
  const same = "EXISTS (SELECT 1 FROM lifecycles WHERE bucket_id = ?1 AND lifecycle_id = ?2)";
  return require("bucket_changed", same, [bucket.id, lifecycleId]);
}

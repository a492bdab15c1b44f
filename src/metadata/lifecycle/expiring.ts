import type { Database, Statement } from "../database.ts";
import { announceCurrent, announceMarkers, announceVersions, type News } from "../events/outbox.ts";
import { isProtected } from "../objects/protection.ts";
import { makeRoom, type PickedKeys, placeMarkers, requireRules, trashVersions } from "../objects/version-rules.ts";
import { type DueWalk, requireLifecycle } from "./lifecycles.ts";

/** Under which bucket and configuration something was decided. */
export type Decided = Pick<DueWalk, "bucket" | "lifecycleId">;

/** Something that a key names, as it was when that was decided. */
export interface ExpiredObject {
  readonly key: string;
  readonly id: string;
  /** The tags that the decision rests on, as the row has them; null: it rests on none. */
  readonly tagsText: string | null;
  /** Of the delete marker, where one is placed. */
  readonly markerId: string;
}

/** A version that is not current, as it was when that was decided. */
export interface ExpiredVersion {
  readonly key: string;
  readonly seq: number;
  readonly id: string;
  readonly noncurrentMs: number;
  readonly tagsText: string | null;
}

/**
 * Picks what still is what it was, with few rows: for `(key, id) IN (…)` SQLite would go through the
 * list twice in each statement. A renamed object keeps its id, so id and key must both be the same.
 */
function pickUntagged(expired: readonly ExpiredObject[], unlocked: string): PickedKeys & { trash: string } {
  const value = JSON.stringify({ keys: Object.fromEntries(expired.map(({ id, key }) => [id, key])) });
  const listed = "json_each(?2, '$.keys')";
  return {
    where: `key IN (SELECT value FROM ${listed}) AND ?2 ->> ('$.keys."' || id || '"') = key ${unlocked}`,
    // A row less for each than by `where`.
    trash: trashVersions(
      `FROM (SELECT key AS was, value AS named FROM ${listed}) e
       CROSS JOIN objects ON bucket_id = ?1 AND key = e.named WHERE id = e.was ${unlocked}`,
    ),
    value,
  };
}

/** What is done to many versions at once: one batch, which may be repeated. What is not any more as it was is left alone. */
export class LifecycleRemovals {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * What keys name now expires: it is dropped, or a delete marker is placed, as the bucket's versioning has it. Returns the keys. Throws
   * `GuardError` bucket_changed where the bucket's rules or its configuration are others.
   */
  async objects(
    decided: Decided,
    expired: readonly ExpiredObject[],
    { nowMs, news }: { nowMs: number; news: News },
  ): Promise<string[]> {
    const { bucket } = decided;
    const list = expired.map(({ key, id, tagsText, markerId }) => [key, markerId, id, tagsText] as const);
    const value = JSON.stringify(list);
    const hasVersions = bucket.versioning !== null;
    // With versions kept nothing is lost by a delete marker.
    const unlocked = bucket.versioning === "enabled" ? "" : `AND NOT ${isProtected("?3", "0")}`;
    const matched = (
      entry: string,
    ) => `EXISTS (SELECT 1 FROM objects o WHERE o.bucket_id = ?1 AND o.key = ${entry} ->> 0
      AND o.id = ${entry} ->> 2 AND (${entry} ->> 3 IS NULL OR o.tags = ${entry} ->> 3) ${unlocked})`;
    const untagged = hasVersions || list.some(([, , , tags]) => tags !== null) ? null : pickUntagged(expired, unlocked);
    const picked = untagged ?? {
      where: `key IN (SELECT c.value ->> 0 FROM json_each(?2) c WHERE ${matched("c.value")})`,
      value,
    };
    const results = await this.#database.batch<unknown[]>([
      requireLifecycle(decided),
      requireRules(bucket),
      ...(untagged
        ? [{ sql: untagged.trash, values: [bucket.id, untagged.value, nowMs] }]
        : makeRoom(bucket, picked, nowMs)),
      // What the conditions are about is gone with the deletion.
      ...(hasVersions
        ? [placeMarkers(bucket, list, nowMs, matched("m.value")), ...announceMarkers(bucket, list, news)]
        : announceCurrent(bucket, picked, news)),
      {
        sql: `DELETE FROM objects WHERE bucket_id = ?1 AND ${picked.where} AND ?3 IS NOT NULL RETURNING key`,
        values: [bucket.id, picked.value, nowMs],
      },
    ]);
    return (results.at(-1) as { key: string }[]).map(({ key }) => key);
  }

  /**
   * Noncurrent versions and delete markers are removed permanently, except those that a lock protects. `newer`: how many others of the
   * key must be newer still, in table versions. Returns how many were removed. Throws as `objects`.
   */
  async versions(
    decided: Decided,
    expired: readonly ExpiredVersion[],
    { nowMs, news, newer }: { nowMs: number; news: News; newer: number },
  ): Promise<number> {
    const enough =
      newer === 0
        ? ""
        : `AND (SELECT count(*) FROM (SELECT 1 FROM versions n WHERE n.bucket_id = ?1 AND n.key = v.key AND n.seq > v.seq
             LIMIT ${Math.trunc(newer)})) = ${Math.trunc(newer)}`;
    // A delete marker that has become current meanwhile hides its key.
    const hidden = `(v.is_marker = 0 OR EXISTS (SELECT 1 FROM objects o WHERE o.bucket_id = ?1 AND o.key = v.key)
      OR EXISTS (SELECT 1 FROM versions n WHERE n.bucket_id = ?1 AND n.key = v.key AND n.seq > v.seq))`;
    return this.#remove(decided, expired, {
      nowMs,
      news,
      only: `v.noncurrent_ms = e.value ->> 3 AND ${hidden} ${enough}`,
    });
  }

  /** Delete markers that are all that is left of their keys are removed. Returns how many were. Throws as `objects`. */
  async loneMarkers(
    decided: Decided,
    markers: readonly ExpiredVersion[],
    options: { nowMs: number; news: News },
  ): Promise<number> {
    const only = `v.is_marker = 1 AND NOT EXISTS (SELECT 1 FROM objects o WHERE o.bucket_id = ?1 AND o.key = v.key)
      AND NOT EXISTS (SELECT 1 FROM versions n WHERE n.bucket_id = ?1 AND n.key = v.key AND n.seq <> v.seq)`;
    return this.#remove(decided, markers, { ...options, only });
  }

  async #remove(
    decided: Decided,
    expired: readonly ExpiredVersion[],
    { nowMs, news, only }: { nowMs: number; news: News; only: string },
  ): Promise<number> {
    const { bucket } = decided;
    const list = expired.map(({ key, seq, id, noncurrentMs, tagsText }) => [key, seq, id, noncurrentMs, tagsText]);
    const where = `bucket_id = ?1 AND (key, seq) IN (SELECT v.key, v.seq FROM json_each(?2) e CROSS JOIN versions v
      ON v.bucket_id = ?1 AND v.key = e.value ->> 0 AND v.seq = e.value ->> 1
      WHERE v.id = e.value ->> 2 AND (e.value ->> 4 IS NULL OR v.tags = e.value ->> 4) AND ${only}
        AND NOT ${isProtected("?3", "0")})`;
    const values = [bucket.id, JSON.stringify(list), nowMs];
    const results = await this.#database.batch<unknown[]>([
      requireLifecycle(decided),
      requireRules(bucket),
      { sql: trashVersions(`FROM versions WHERE ${where}`), values },
      ...announceVersions({ table: "versions", where, values, content: false }, bucket, news),
      { sql: `DELETE FROM versions WHERE ${where} RETURNING seq`, values },
    ]);
    return (results.at(-1) as unknown[]).length;
  }

  /** Unfinished uploads are aborted: their parts become trash. Returns how many were there. Throws as `objects`. */
  async uploads(decided: Decided, uploads: readonly { key: string; id: string }[], nowMs: number): Promise<number> {
    const { bucket } = decided;
    const there = `EXISTS (SELECT 1 FROM uploads u WHERE u.bucket_id = ?1 AND u.key = e.value ->> 0 AND u.id = e.value ->> 1)`;
    const value = JSON.stringify(uploads.map(({ key, id }) => [key, id]));
    const parts = `upload_id IN (SELECT e.value ->> 1 FROM json_each(?2) e WHERE ${there})`;
    const statements: Statement[] = [
      requireLifecycle(decided),
      requireRules(bucket),
      {
        sql: `INSERT OR IGNORE INTO trash (dropped_ms, id, extents) SELECT ?3, id, extents FROM parts WHERE ${parts}`,
        values: [bucket.id, value, nowMs],
      },
      { sql: `DELETE FROM parts WHERE ${parts}`, values: [bucket.id, value] },
      {
        sql: `DELETE FROM uploads WHERE bucket_id = ?1 AND (key, id) IN
                (SELECT value ->> 0, value ->> 1 FROM json_each(?2)) RETURNING id`,
        values: [bucket.id, value],
      },
    ];
    const results = await this.#database.batch<unknown[]>(statements);
    return (results.at(-1) as unknown[]).length;
  }
}

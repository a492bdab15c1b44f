import { type AdmittedBucket, requireAdmitted } from "../buckets/buckets.ts";
import { type Database, require, type Statement } from "../database.ts";
import { announceCurrent, announceMarkers, announceVersions, type News } from "../events/outbox.ts";
import { isProtected } from "./protection.ts";
import {
  makeRoom,
  ofKeys,
  placeMarkers,
  promote,
  type RuledBucket,
  requireRules,
  trashVersions,
} from "./version-rules.ts";

/** What must hold of the key's current version for it to be deleted. A condition on a key that has none fails. */
export interface RemovalCondition {
  /** Without quotes; "*" for any. */
  etag?: string;
  sizeBytes?: number;
  /** In whole seconds, as HTTP dates are. */
  modifiedSeconds?: number;
}

/** A key to be deleted if its condition holds. Each key once. */
export interface ConditionalRemoval {
  key: string;
  /** Of the delete marker, where one is placed. */
  markerId: string;
  condition: RemovalCondition;
}

/** A version to be removed permanently. */
export interface DoomedVersion {
  key: string;
  /** "null": the key's null version. */
  version: { seq: number; id: string } | "null";
}

/** What became of one. */
export interface RemovedVersion {
  key: string;
  id: string;
  seq: number;
  isNull: boolean;
  isMarker: boolean;
  /** It was left in place: retention or a legal hold protects it. */
  isLocked: boolean;
}

export interface PlacedMarker {
  key: string;
  id: string;
  seq: number;
  isNull: boolean;
}

/** Deletions, each one D1 batch: wholly applied or not at all. Deleting what is not there succeeds. */
export class Removals {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * What DeleteObject without a version id does to up to 1,000 keys: [key, id for a delete marker] each. Returns the markers
   * that were placed: none where versioning was never enabled. Throws `GuardError` bucket_changed, and for the
   * condition (of a single key) etag_differs or no_such_key.
   */
  async current(
    bucket: RuledBucket,
    keys: readonly (readonly [string, string])[],
    nowMs: number,
    { condition, news }: { condition?: RemovalCondition | undefined; news: News | null },
  ): Promise<PlacedMarker[]> {
    const names = keys.map(([key]) => key);
    const picked = ofKeys(names);
    const hasVersions = bucket.versioning !== null;
    const before = [
      requireRules(bucket),
      ...(condition ? requireRemovable(bucket, names[0] as string, condition) : []),
      ...makeRoom(bucket, picked, nowMs),
      ...(hasVersions ? [] : announceCurrent(bucket, picked, news)),
    ];
    // Markers first: they and the rows that go are then one change of the bucket's usage.
    const marking = hasVersions ? [placeMarkers(bucket, keys, nowMs), ...announceMarkers(bucket, keys, news)] : [];
    const results: unknown[][] = await this.#database.batch<unknown[]>([
      ...before,
      ...marking,
      { sql: `DELETE FROM objects WHERE bucket_id = ?1 AND ${picked.where}`, values: [bucket.id, picked.value] },
    ]);
    return hasVersions ? placedMarkers(results[before.length]) : [];
  }

  /**
   * The same for up to 1,000 keys with a condition each. A key whose condition does not hold is left as it is; the others
   * are deleted. Throws `GuardError` bucket_changed.
   */
  async matching(
    bucket: RuledBucket,
    removals: readonly ConditionalRemoval[],
    nowMs: number,
    news: News | null,
  ): Promise<{ present: string[]; removed: string[]; markers: PlacedMarker[] }> {
    const list = removals.map(({ key, markerId, condition }) => {
      const etag = condition.etag === "*" ? null : (condition.etag ?? null);
      return [key, markerId, etag, condition.sizeBytes ?? null, condition.modifiedSeconds ?? null] as const;
    });
    const value = JSON.stringify(list);
    const matched = (
      entry: string,
    ) => `EXISTS (SELECT 1 FROM objects o WHERE o.bucket_id = ?1 AND o.key = ${entry} ->> 0
      AND coalesce(o.etag = ${entry} ->> 2, 1) AND coalesce(o.size_bytes = ${entry} ->> 3, 1)
      AND coalesce(o.modified_ms / 1000 = ${entry} ->> 4, 1))`;
    const picked = { where: `key IN (SELECT c.value ->> 0 FROM json_each(?2) c WHERE ${matched("c.value")})`, value };
    const listed = "bucket_id = ?1 AND key IN (SELECT value ->> 0 FROM json_each(?2))";
    const hasVersions = bucket.versioning !== null;
    const before = [
      { sql: `SELECT key FROM objects WHERE ${listed}`, values: [bucket.id, value] },
      requireRules(bucket),
      ...makeRoom(bucket, picked, nowMs),
    ];
    const results = await this.#database.batch<unknown[]>([
      ...before,
      // What the conditions are about is gone with the deletion.
      ...(hasVersions
        ? [placeMarkers(bucket, list, nowMs, matched("m.value")), ...announceMarkers(bucket, list, news)]
        : announceCurrent(bucket, picked, news)),
      { sql: `DELETE FROM objects WHERE bucket_id = ?1 AND ${picked.where} RETURNING key`, values: [bucket.id, value] },
    ]);
    const keysOf = (rows: unknown) => (rows as { key: string }[]).map(({ key }) => key);
    const markers = hasVersions ? placedMarkers(results[before.length]) : [];
    return { present: keysOf(results[0]), removed: keysOf(results.at(-1)), markers };
  }

  /**
   * Removes versions permanently, up to 1,000, except locked ones; their keys then name the newest version that is left. Returns
   * those that were there. `bypassGovernance`: retention in governance mode does not protect; said at all, it needs a bucket
   * with object lock. Throws `GuardError` no_such_bucket, and bucket_changed if there is no object lock.
   */
  async versions(
    bucket: string,
    doomed: readonly DoomedVersion[],
    options: {
      nowMs: number;
      bypassGovernance?: boolean | undefined;
      admitted?: AdmittedBucket | null;
      news: News | null;
    },
  ): Promise<RemovedVersion[]> {
    const byId = doomed.flatMap(({ key, version }) => (version === "null" ? [] : [[key, version.seq, version.id]]));
    const nulls = doomed.flatMap(({ key, version }) => (version === "null" ? [key] : []));
    const { nowMs, bypassGovernance, admitted = null, news } = options;
    const kinds = [
      { where: BY_ID, list: byId },
      { where: NULLS, list: nulls },
    ].filter(({ list }) => list.length > 0);
    const steps = kinds.map(({ where, list }) => {
      const values = [bucket, JSON.stringify(list), nowMs, bypassGovernance ? 1 : 0];
      return {
        found: findDoomed(where, values),
        removal: [...announceDoomed(where, values, { news, bucket: admitted }), ...removeDoomed(where, values)],
      };
    });
    const keys = [...new Set(doomed.map(({ key }) => key))];
    const results: unknown[][] = await this.#database.batch<unknown[]>([
      ...steps.map(({ found }) => found),
      ...requireAdmitted(bucket, admitted),
      ...(bypassGovernance === undefined ? [] : [requireObjectLock(bucket)]),
      ...steps.flatMap(({ removal }) => removal),
      ...promote(bucket, keys),
    ]);
    const rows = results.slice(0, steps.length).flat() as RawRemoved[];
    return rows.map((row) => ({
      ...row,
      isNull: row.isNull === 1,
      isMarker: row.isMarker === 1,
      isLocked: row.isLocked === 1,
    }));
  }
}

function placedMarkers(rows: unknown): PlacedMarker[] {
  return (rows as (Omit<PlacedMarker, "isNull"> & { isNull: number })[]).map((marker) => ({
    ...marker,
    isNull: marker.isNull === 1,
  }));
}

type RawRemoved = Omit<RemovedVersion, "isNull" | "isMarker" | "isLocked"> & {
  isNull: number;
  isMarker: number;
  isLocked: number;
};

/** How a list of versions is found in each table. ?1 bucket, ?2 the list as JSON, ?3 now, ?4 bypass governance. */
interface Doomed {
  objects: string;
  versions: string;
}

const BUCKET = "bucket_id = (SELECT id FROM buckets WHERE name = ?1)";
const EXACTLY = "(key, seq, id) IN (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?2)) AND is_null = 0";
/** List: [[key, seq, id], …]. Each is one seek. */
const BY_ID: Doomed = {
  objects: `${BUCKET} AND key IN (SELECT value ->> 0 FROM json_each(?2)) AND ${EXACTLY}`,
  versions: `${BUCKET} AND (key, seq) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?2)) AND ${EXACTLY}`,
};
/** List: keys. */
const OF_KEYS = `${BUCKET} AND key IN (SELECT value FROM json_each(?2)) AND is_null = 1`;
const NULLS: Doomed = { objects: OF_KEYS, versions: OF_KEYS };
const LOCKED = isProtected("?3", "?4");

function findDoomed(where: Doomed, values: (string | number)[]): Statement {
  const columns = `key, id, seq, is_null AS "isNull", ${LOCKED} AS "isLocked"`;
  return {
    sql: `SELECT ${columns}, 0 AS "isMarker" FROM objects WHERE ${where.objects}
          UNION ALL SELECT ${columns}, is_marker FROM versions WHERE ${where.versions}`,
    values,
  };
}

function announceDoomed(
  where: Doomed,
  values: (string | number)[],
  { news, bucket }: { news: News | null; bucket: AdmittedBucket | null },
): Statement[] {
  return (["objects", "versions"] as const).flatMap((table) =>
    announceVersions({ table, where: `${where[table]} AND NOT ${LOCKED}`, values, content: false }, bucket, news),
  );
}

function removeDoomed(where: Doomed, values: (string | number)[]): Statement[] {
  return (["objects", "versions"] as const).flatMap((table) => [
    { sql: trashVersions(`FROM ${table} WHERE ${where[table]} AND NOT ${LOCKED}`), values },
    { sql: `DELETE FROM ${table} WHERE ${where[table]} AND NOT ${LOCKED}`, values },
  ]);
}

function requireObjectLock(bucket: string): Statement {
  return require("bucket_changed", "EXISTS (SELECT 1 FROM buckets WHERE name = ?1 AND object_lock IS NOT NULL)", [
    bucket,
  ]);
}

function requireRemovable(bucket: RuledBucket, key: string, condition: RemovalCondition): Statement[] {
  const current = "SELECT 1 FROM objects WHERE bucket_id = ?1 AND key = ?2";
  const values = [bucket.id, key];
  const tests: [string, string | number][] = [];
  if (condition.etag !== undefined && condition.etag !== "*") tests.push(["etag = ?3", condition.etag]);
  if (condition.sizeBytes !== undefined) tests.push(["size_bytes = ?3", condition.sizeBytes]);
  if (condition.modifiedSeconds !== undefined) tests.push(["modified_ms / 1000 = ?3", condition.modifiedSeconds]);
  return [
    require("no_such_key", `EXISTS (${current})`, values),
    ...tests.map(([test, value]) => require("etag_differs", `EXISTS (${current} AND ${test})`, [...values, value])),
  ];
}

import { type CarriedAnnotations, carryAnnotations } from "../annotations/carried.ts";
import type { AccessMemory } from "../buckets/access-memory.ts";
import { type Database, require, type Statement } from "../database.ts";
import { announceCurrent, announceMarkers, type News } from "../events/outbox.ts";
import { jsonOrNull, type LockRow } from "../rows.ts";
import { type FoundHead, foundHead, headStatement, type RawHead } from "./objects.ts";
import {
  makeRoom,
  nextSeq,
  ofKeys,
  placeMarkers,
  type RuledBucket,
  requireRules,
  SHARED_COLUMNS,
} from "./version-rules.ts";

/** A rename that its client may repeat without its being done again. */
export interface RenameToken {
  token: string;
  /** Digest of all that the client asked for under the token. */
  request: string;
}

export interface FoundForRename {
  source: FoundHead;
  target: FoundHead;
  /** `request` of the rename that was done under the token; null: none was, or it is long ago. */
  doneRequest: string | null;
}

export interface Rename {
  bucket: RuledBucket;
  from: string;
  to: string;
  /** Id of the version that `from` names: another one fails the commit. */
  fromId: string;
  /** The sealed key of that version, null for none: another one fails the commit too. */
  fromSealed: string | null;
  /** What the row says of its encryption from then on; null: it is plain. JSON that the store wrote. */
  encryption: unknown;
  /** Id of the version that `to` names, null for none; absent: whatever it names is replaced. */
  toId?: string | null;
  /** Where the bucket has versions: the id of the new one of `to`, of the delete marker of `from`, and the default retention. */
  versioned: { id: string; markerId: string; retention: LockRow } | null;
  /** Of the version that `from` names; where the bucket has versions, what of them the new version of `to` gets. */
  annotations: { count: number; carried: CarriedAnnotations | null };
  token: RenameToken | null;
  nowMs: number;
  /** For those who want to know of the bucket: that `to` is there, and that `from` is gone. */
  news: { created: News; removed: News };
}

/** A client token is known on the day of the rename and on the one after it, by UTC. */
const DAY_MS = 24 * 3600 * 1000;

/** Renames within a bucket. Each method is one round trip. */
export class Renames {
  readonly #database: Database;
  readonly #memory: AccessMemory;

  constructor(database: Database, memory: AccessMemory) {
    this.#database = database;
    this.#memory = memory;
  }

  /** What both keys name now, and whether the rename was done under this token. null: no such bucket. */
  async find(
    where: { bucket: string; from: string; to: string },
    token: string | null,
    nowMs: number,
  ): Promise<FoundForRename | null> {
    const { bucket, from, to } = where;
    const known = this.#memory.of(bucket);
    const current = (key: string) => headStatement({ bucket, key, version: { kind: "current" } }, known);
    const found = (raw: RawHead) => foundHead(raw, this.#memory, known);
    const [[source], [target], done] = await this.#database.batch<[RawHead, RawHead, { request: string }]>([
      current(from),
      current(to),
      ...(token === null ? [] : [findToken(bucket, token, nowMs)]),
    ]);
    if (!source || !target) return null;
    return { source: found(source), target: found(target), doneRequest: done?.[0]?.request ?? null };
  }

  /**
   * Gives a version another key. What that key named is replaced as by a write, and `from` is left as by a deletion. Where
   * the bucket never had versions the row itself moves, with its id and all references; otherwise the version of `from` is
   * kept as the bucket's versioning has it, and `to` gets one of its own that refers to the same blobs. Throws `GuardError`
   * bucket_changed or object_changed, and `TakenError` where the token was used meanwhile.
   */
  async rename(rename: Rename): Promise<void> {
    const { bucket, from, to, fromId, toId, token, nowMs, news } = rename;
    const now = "(SELECT id FROM objects WHERE bucket_id = ?1 AND key = ?2)";
    await this.#database.batch([
      requireRules(bucket),
      require("object_changed", UNCHANGED, [bucket.id, from, fromId, rename.annotations.count, rename.fromSealed]),
      ...(toId === undefined ? [] : [require("object_changed", `${now} IS ?3`, [bucket.id, to, toId])]),
      ...(token ? [insertToken(bucket.id, token, nowMs)] : []),
      ...makeRoom(bucket, ofKeys([to]), nowMs),
      ...(rename.versioned ? [] : announceCurrent(bucket, ofKeys([from]), news.removed)),
      ...(rename.versioned ? copyAndDelete(rename, rename.versioned) : [moveRow(rename)]),
      ...announceCurrent(bucket, ofKeys([to]), news.created),
    ]);
  }

  /** Deletes the tokens of days that no longer count. Returns how many. */
  async forgetTokens(nowMs: number): Promise<number> {
    const rows = await this.#database.all<{ token: string }>(
      "DELETE FROM rename_tokens WHERE day < ?1 RETURNING token",
      dayOf(nowMs) - 1,
    );
    return rows.length;
  }
}

const UNCHANGED = `EXISTS (SELECT 1 FROM objects WHERE bucket_id = ?1 AND key = ?2 AND id = ?3 AND annotations = ?4
  AND attributes ->> '$.encryption.sealed' IS ?5)`;

function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS);
}

function findToken(bucket: string, token: string, nowMs: number): Statement {
  return {
    sql: `SELECT request FROM rename_tokens
          WHERE day IN (?2, ?2 - 1) AND bucket_id = (SELECT id FROM buckets WHERE name = ?1) AND token = ?3`,
    values: [bucket, dayOf(nowMs), token],
  };
}

/** The bucket is in the key, so a token means nothing in another one. */
function insertToken(bucketId: number, { token, request }: RenameToken, nowMs: number): Statement {
  return {
    sql: "INSERT INTO rename_tokens (day, bucket_id, token, request) VALUES (?1, ?2, ?3, ?4)",
    values: [dayOf(nowMs), bucketId, token, request],
  };
}

function moveRow({ bucket, from, to, encryption }: Rename): Statement {
  return {
    sql: `UPDATE OR REPLACE objects SET key = ?3, attributes = ${encrypted("?4")} WHERE bucket_id = ?1 AND key = ?2`,
    values: [bucket.id, from, to, jsonOrNull(encryption)],
  };
}

/** The attributes with another sealed key, if there is one. */
function encrypted(parameter: string): string {
  return `CASE WHEN ${parameter} IS NULL THEN attributes ELSE json_set(attributes, '$.encryption', json(${parameter})) END`;
}

/** `SHARED_COLUMNS` of the new version, from the row that it is made of. ?3 to, ?4 id, ?5 is null, ?6, ?7 retention, ?8 encryption. */
const COPIED: Readonly<Record<string, string>> = {
  key: "?3",
  id: "?4",
  seq: nextSeq("?1", "?3"),
  is_null: "?5",
  retain_until_ms: "CASE WHEN retain_mode IS NULL THEN ?6 ELSE retain_until_ms END",
  retain_mode: "coalesce(retain_mode, ?7)",
  event_hold: "CASE WHEN retain_mode IS NULL THEN ?8 ELSE event_hold END",
  attributes: encrypted("?9"),
  extents: `CASE WHEN extents IS NOT NULL THEN
    (SELECT json_group_array(json_set(e.value, '$[4]', ?4) ORDER BY e.key)
     FROM json_each(extents) e) END`,
};

function copyAndDelete(rename: Rename, { id, markerId, retention }: NonNullable<Rename["versioned"]>): Statement[] {
  const { bucket, from, to, nowMs } = rename;
  const columns = SHARED_COLUMNS.split(",").map((column) => COPIED[column.trim()] ?? column);
  const isNull = bucket.versioning === "enabled" ? 0 : 1;
  return [
    {
      sql: `INSERT OR IGNORE INTO blob_refs (blob_id, referent)
            SELECT DISTINCT e.value ->> 2, ?3 FROM objects o, json_each(o.extents) e WHERE o.bucket_id = ?1 AND o.key = ?2`,
      values: [bucket.id, from, id],
    },
    {
      sql: `INSERT OR REPLACE INTO objects (${SHARED_COLUMNS}) SELECT ${columns.join(", ")} FROM objects
            WHERE bucket_id = ?1 AND key = ?2`,
      values: [
        bucket.id,
        from,
        to,
        id,
        isNull,
        retention.retainUntilMs,
        retention.retainMode,
        jsonOrNull(retention.eventHold),
        jsonOrNull(rename.encryption),
      ],
    },
    ...(rename.annotations.carried ? carryAnnotations({ id, modifiedMs: nowMs }, rename.annotations.carried) : []),
    ...makeRoom(bucket, ofKeys([from]), nowMs),
    // The marker first: it and the row that goes are then one change of the bucket's usage.
    placeMarkers(bucket, [[from, markerId]], nowMs),
    { sql: "DELETE FROM objects WHERE bucket_id = ?1 AND key = ?2", values: [bucket.id, from] },
    ...announceMarkers(bucket, [[from, markerId]], rename.news.removed),
  ];
}

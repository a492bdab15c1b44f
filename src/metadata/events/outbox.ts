import type { Statement } from "../database.ts";
import type { PickedKeys, RuledBucket } from "../objects/version-rules.ts";

/** Who caused a change, for those who are told of it. */
export interface Origin {
  /** As S3 prints it: `AWS:AIDA…` of a user, `AWS:AROA…:session` of a role, `AWS:` and the account's id of its root; `Anonymous`. */
  requester: string;
  /** Id of the requester's account; null: none. */
  account: string | null;
  sourceIp: string;
  requestId: string;
  /** S3's second id of the request. */
  hostId: string;
}

/** What is told besides of changes of some kinds. */
export interface NewsDetail {
  /** The new storage class of a version that moved. */
  storageClass?: string;
  /** The new access tier of a version of class INTELLIGENT_TIERING. */
  accessTier?: string;
  /** The annotation that was put or removed; of a removed one the name alone is told. */
  annotation?: { name: string; sizeBytes?: number; etag?: string };
  /** Whether a copy has annotations. */
  hasAnnotations?: boolean;
}

/** What is told of a change to an object. */
export interface News {
  /** `ObjectCreated:Put` and the like: AWS's names without `s3:`. */
  event: string;
  atMs: number;
  /** Null: the store itself, such as a lifecycle rule. */
  origin: Origin | null;
  detail?: NewsDetail;
}

/*
 * The outbox: one row for each change that somebody wants to know of, in the very batch of the change. So no crash loses news or
 * invents any. The row names the notification configuration of that moment; who is told is found out when the row is delivered.
 * Where nobody wants to know no statement is added.
 *
 * A + before a bound value: `queues/messages.ts` says why.
 */

const COLUMNS = "notification_id, key, event, version_id, seq, is_null, size_bytes, etag, at_ms, origin, detail";

/** News of the versions that keys name, for a batch in which `requireRules` guards the bucket. Deletions tell neither size nor ETag. */
export function announceCurrent(bucket: RuledBucket, { where, value }: PickedKeys, news: News | null): Statement[] {
  if (bucket.notificationId === null || news === null) return [];
  const content = isRemoval(news) ? "NULL, NULL" : "size_bytes, etag";
  return [
    {
      sql: `INSERT INTO outbox (${COLUMNS}) SELECT ?3, key, ?4, id, seq, is_null, ${content}, ?5, ?6, ?7 FROM objects
            WHERE bucket_id = +?1 AND ${where} ORDER BY key RETURNING id`,
      isNews: true,
      values: [bucket.id, value, bucket.notificationId, ...valuesOf(news)],
    },
  ];
}

/** News of delete markers, those of the list that `placeMarkers` has just put on top of their keys. [key, marker id, …] each. */
export function announceMarkers(
  bucket: RuledBucket,
  markers: readonly (readonly [key: string, id: string, ...unknown[]])[],
  news: News | null,
): Statement[] {
  if (bucket.notificationId === null || news === null) return [];
  return [
    {
      sql: `INSERT INTO outbox (${COLUMNS}) SELECT ?3, v.key, ?4, v.id, v.seq, v.is_null, NULL, NULL, ?5, ?6, ?7
            FROM json_each(?2) m CROSS JOIN versions v ON v.bucket_id = ?1 AND v.key = m.value ->> 0 AND v.seq =
              (SELECT t.seq FROM versions t WHERE t.bucket_id = +?1 AND t.key = m.value ->> 0 ORDER BY t.seq DESC LIMIT 1)
            WHERE v.id = m.value ->> 1 RETURNING id`,
      isNews: true,
      values: [bucket.id, JSON.stringify(markers), bucket.notificationId, ...valuesOf(news)],
    },
  ];
}

/** Rows of table objects or versions. */
interface PickedVersions extends Pick<Statement, "values"> {
  table: "objects" | "versions";
  where: string;
  /** Whether size and ETag are told. */
  content: boolean;
}

/**
 * News of versions that `where` picks; ?1 of `values` is the bucket's name. `admitted`: the bucket as the batch assumes it, guarded by
 * `requireAdmitted`. Null: it was not looked at, and one row is read to find out.
 */
export function announceVersions(
  { table, where, values, content }: PickedVersions,
  admitted: Pick<RuledBucket, "notificationId"> | null,
  news: News | null,
): Statement[] {
  if (news === null || admitted?.notificationId === null) return [];
  const [event, at, origin, detail, known] = [1, 2, 3, 4, 5].map((n) => `?${values.length + n}`);
  const told = content ? "size_bytes, etag" : "NULL, NULL";
  const id = admitted ? known : "(SELECT notification_id FROM buckets WHERE name = ?1)";
  return [
    {
      sql: `INSERT INTO outbox (${COLUMNS}) SELECT ${id}, key, ${event}, id, seq, is_null, ${told}, ${at}, ${origin}, ${detail}
            FROM ${table} WHERE ${id} IS NOT NULL AND ${where} RETURNING id`,
      isNews: true,
      values: [...values, ...valuesOf(news), ...(admitted ? [admitted.notificationId] : [])],
    },
  ];
}

function isRemoval({ event }: News): boolean {
  return event.startsWith("ObjectRemoved:") || event.startsWith("LifecycleExpiration:");
}

function valuesOf({ event, atMs, origin, detail }: News): [string, number, string | null, string | null] {
  return [event, atMs, origin && JSON.stringify(origin), detail ? JSON.stringify(detail) : null];
}

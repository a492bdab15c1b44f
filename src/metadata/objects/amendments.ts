import type { Grant } from "../buckets/access.ts";
import type { AccessMemory } from "../buckets/access-memory.ts";
import { type AdmittedBucket, requireAdmitted } from "../buckets/buckets.ts";
import { type Database, require, type Statement } from "../database.ts";
import { announceVersions, type News } from "../events/outbox.ts";
import { jsonOrNull, type LegalHold, type LockRow, legalHoldNumber, type TagRow } from "../rows.ts";
import { type FoundHead, foundHead, headStatement, type ObjectRef, type RawHead } from "./objects.ts";
import { isProtected } from "./protection.ts";

/** What of a version may change in place. */
export type Amendment =
  | { tags: TagRow[] | null }
  /** null: full control for the owner. */
  | { acl: readonly Grant[] | null }
  | { legalHold: LegalHold }
  /** What the row says of its encryption, JSON that the store wrote, if its sealed key is still `sealed` and nothing protects the version. */
  | { encryption: unknown; sealed: string; nowMs: number }
  /**
   * Null values: no retention. `bypassGovernance`: retention in governance mode may be shortened. A version with an event hold that is
   * on is left as it is.
   */
  | { retention: Pick<LockRow, "retainUntilMs" | "retainMode">; nowMs: number; bypassGovernance: boolean }
  /** Retention and event hold, if they still are what they were. */
  | { lock: LockRow; was: LockRow };

/** What an amendment was decided on. */
export interface AdmittedAmendment {
  bucket: AdmittedBucket;
  /** The version, if it had to be looked at: `undefined` if its tags, its owner and its ACL did not matter. */
  object?: { id: string; tags: TagRow[] | null; acl: readonly Grant[] | null };
}

/** Changes of versions in place: tags, legal hold and retention. Each is one D1 batch. */
export class Amendments {
  readonly #database: Database;
  readonly #memory: AccessMemory;

  constructor(database: Database, memory: AccessMemory) {
    this.#database = database;
    this.#memory = memory;
  }

  /**
   * Amends a version. Returns what was found, as it was before, or null if there is no such bucket; `applied` is false where
   * there is no such version, it is a delete marker, the bucket has no object lock, or the retention may not be loosened. Throws
   * `GuardError` no_such_bucket and bucket_access_changed if it was decided on something else than what is found.
   */
  async amend(
    ref: ObjectRef,
    amendment: Amendment,
    { admitted = null, news = null }: { admitted?: AdmittedAmendment | null; news?: News | null } = {},
  ): Promise<(FoundHead & { applied: boolean }) | null> {
    const known = this.#memory.of(ref.bucket);
    const guards = admitted ? [...requireAdmitted(ref.bucket, admitted.bucket), ...requireObject(ref, admitted)] : [];
    const before = [...guards, ...announcements(ref, amendment, { news, bucket: admitted?.bucket ?? null })];
    const [[raw], ...others] = await this.#database.batch<[RawHead, ...{ seq: number }[]]>([
      headStatement(ref, known),
      ...before,
      ...updates(ref, amendment),
    ]);
    if (!raw) return null;
    return { ...foundHead(raw, this.#memory, known), applied: others.slice(before.length).flat().length > 0 };
  }
}

function updates(ref: ObjectRef, amendment: Amendment): Statement[] {
  const { set } = change(amendment);
  return amended(ref, amendment).map(({ table, where, values }) => ({
    sql: `UPDATE ${table} SET ${set} WHERE ${where} RETURNING seq`,
    values,
  }));
}

/** Of what `updates`, which follows, is about to change. */
function announcements(
  ref: ObjectRef,
  amendment: Amendment,
  { news, bucket }: { news: News | null; bucket: AdmittedBucket | null },
): Statement[] {
  return amended(ref, amendment).flatMap((rows) => announceVersions({ ...rows, content: true }, bucket, news));
}

/** The rows that an amendment changes. ?1 bucket, ?2 key, ?3 seq, ?4 id; further ones are the amendment's. */
function amended({ bucket, key, version }: ObjectRef, amendment: Amendment) {
  const { only, values } = change(amendment);
  const which = {
    current: "true",
    null: "is_null = 1",
    id: "seq = ?3 AND id = ?4 AND is_null = 0",
  }[version.kind];
  const [seq, id] = version.kind === "id" ? [version.seq, version.id] : [null, null];
  const where = `bucket_id = (SELECT id FROM buckets WHERE name = ?1) AND key = ?2 AND ${which} AND ${only}`;
  const rows = { where, values: [bucket, key, seq, id, ...values] };
  const current = { table: "objects" as const, ...rows };
  if (version.kind === "current") return [current];
  return [current, { table: "versions" as const, ...rows, where: `${where} AND is_marker = 0` }];
}

/** The version must still be the one that was looked at, with the tags and the ACL that it had. */
function requireObject({ bucket, key }: ObjectRef, { object }: AdmittedAmendment): Statement[] {
  if (object === undefined) return [];
  const same = (table: string) =>
    `SELECT 1 FROM ${table} WHERE bucket_id = (SELECT id FROM buckets WHERE name = ?1) AND key = ?2 AND id = ?3
       AND tags IS ?4 AND attributes ->> '$.acl' IS ?5`;
  const values = [bucket, key, object.id, jsonOrNull(object.tags), jsonOrNull(object.acl)];
  const unchanged = `EXISTS (${same("objects")}) OR EXISTS (${same("versions")})`;
  return [require("bucket_access_changed", unchanged, values)];
}

const HAS_LOCK = "EXISTS (SELECT 1 FROM buckets WHERE name = ?1 AND object_lock IS NOT NULL)";
/** ?5 until, ?6 mode, ?7 now, ?8 bypass governance. Whatever protects now may be extended, never loosened. */
const MAY_RETAIN = `(coalesce(event_hold ->> '$.status', '') <> 'ON' AND (coalesce(retain_until_ms, 0) <= ?7
  OR (retain_mode = ?6 AND coalesce(?5, 0) >= retain_until_ms)
  OR (retain_mode = 'GOVERNANCE' AND ?8 = 1)))`;

function change(amendment: Amendment): { set: string; only: string; values: (string | number | null)[] } {
  if ("tags" in amendment) {
    return { set: "tags = ?5", only: "true", values: [amendment.tags && JSON.stringify(amendment.tags)] };
  }
  if ("acl" in amendment) {
    const set =
      "attributes = CASE WHEN ?5 IS NULL THEN json_remove(attributes, '$.acl') ELSE json_set(attributes, '$.acl', json(?5)) END";
    return { set, only: "true", values: [jsonOrNull(amendment.acl)] };
  }
  if ("encryption" in amendment) {
    const set = "attributes = json_set(attributes, '$.encryption', json(?5))";
    const values = [JSON.stringify(amendment.encryption), amendment.sealed, amendment.nowMs];
    return { set, only: `attributes ->> '$.encryption.sealed' = ?6 AND NOT ${isProtected("?7", "0")}`, values };
  }
  if ("legalHold" in amendment) {
    return { set: "legal_hold = ?5", only: HAS_LOCK, values: [legalHoldNumber(amendment.legalHold)] };
  }
  if ("lock" in amendment) {
    const { lock, was } = amendment;
    return {
      set: "retain_until_ms = ?5, retain_mode = ?6, event_hold = ?7",
      only: `${HAS_LOCK} AND retain_until_ms IS ?8 AND retain_mode IS ?9 AND event_hold IS ?10`,
      values: [
        lock.retainUntilMs,
        lock.retainMode,
        jsonOrNull(lock.eventHold),
        was.retainUntilMs,
        was.retainMode,
        jsonOrNull(was.eventHold),
      ],
    };
  }
  const { retention, nowMs, bypassGovernance } = amendment;
  return {
    set: "retain_until_ms = ?5, retain_mode = ?6, event_hold = CASE WHEN ?6 IS NOT NULL THEN event_hold END",
    only: `${HAS_LOCK} AND ${MAY_RETAIN}`,
    values: [retention.retainUntilMs, retention.retainMode, nowMs, bypassGovernance ? 1 : 0],
  };
}

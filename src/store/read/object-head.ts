import type { EventHoldRow, LockRow, ObjectRow } from "../../metadata/rows.ts";
import type {
  Attributes,
  Bucket,
  EventHold,
  ObjectAccess,
  ObjectChecksum,
  ObjectHead,
  ObjectLock,
  PartSummary,
} from "../types.ts";
import { formatVersionId } from "../version-id.ts";

/** An object of `bucket` in the store's terms, from its row. */
export function objectHead(row: ObjectRow, bucket: Pick<Bucket, "versioning">): ObjectHead {
  const { key, id, sizeBytes, etag, modifiedMs, storageClass } = row;
  return {
    key,
    id,
    sizeBytes,
    etag,
    modifiedMs,
    storageClass,
    ...(bucket.versioning === null ? {} : { versionId: formatVersionId(row) }),
    tags: row.tags ?? [],
    lock: objectLock(row.lock),
    ...attributesAndAccess(row),
    ...(row.checksum ? { checksum: row.checksum as ObjectChecksum } : {}),
    ...(row.parts ? { parts: row.parts.map(partSummary) } : {}),
    annotations: row.annotations,
  };
}

/** They share a column. */
function attributesAndAccess({
  attributes,
}: ObjectRow): Pick<ObjectHead, "attributes" | "owner" | "acl" | "encryption"> {
  const { owner, acl, encryption, ...headers } = attributes as Attributes &
    ObjectAccess &
    Pick<ObjectHead, "encryption">;
  return { attributes: headers, ...(owner && { owner }), ...(acl && { acl }), ...(encryption && { encryption }) };
}

function objectLock({ retainUntilMs, retainMode, legalHold, eventHold }: LockRow): ObjectLock {
  const retention = retainMode && { mode: retainMode, untilMs: retainUntilMs ?? 0 };
  return { retention, legalHold, ...(eventHold && { eventHold: parseEventHold(eventHold) }) };
}

function parseEventHold({ status, days, years }: EventHoldRow): EventHold {
  if (status === "OFF") return { status };
  return { status, duration: days === undefined ? { years: years ?? 0 } : { days } };
}

export function lockRow({ retention, legalHold, eventHold }: ObjectLock): LockRow {
  return {
    retainUntilMs: retention?.untilMs || null,
    retainMode: retention?.mode ?? null,
    legalHold,
    eventHold: eventHold?.status === "ON" ? { status: "ON", ...eventHold.duration } : (eventHold ?? null),
  };
}

function partSummary([partNumber, sizeBytes, checksum]: NonNullable<ObjectRow["parts"]>[number]): PartSummary {
  return { partNumber, sizeBytes, ...(checksum === null ? {} : { checksum }) };
}

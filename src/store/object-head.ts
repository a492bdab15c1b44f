import type { ObjectRow } from "../metadata/rows.ts";
import type { Attributes, ObjectChecksum, ObjectHead, PartSummary } from "./types.ts";

/** An object as its row has it, in the store's words. */
export function objectHead(row: ObjectRow): ObjectHead {
  const { key, id, sizeBytes, etag, modifiedMs, storageClass } = row;
  return {
    key,
    id,
    sizeBytes,
    etag,
    modifiedMs,
    storageClass,
    attributes: row.attributes as Attributes,
    ...(row.checksum ? { checksum: row.checksum as ObjectChecksum } : {}),
    ...(row.parts ? { parts: row.parts.map(partSummary) } : {}),
  };
}

function partSummary([partNumber, sizeBytes, checksum]: NonNullable<ObjectRow["parts"]>[number]): PartSummary {
  return { partNumber, sizeBytes, ...(checksum === null ? {} : { checksum }) };
}

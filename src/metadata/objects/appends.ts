import type { AccessMemory } from "../buckets/access-memory.ts";
import { findBucket } from "../buckets/buckets.ts";
import { type Database, require } from "../database.ts";
import { announceCurrent, type News } from "../events/outbox.ts";
import {
  type BlobRow,
  type BucketRow,
  type ChecksumRow,
  type ExtentRow,
  jsonOrNull,
  type PartSummaryRow,
  parseJson,
  type RawBucket,
} from "../rows.ts";
import { refer } from "./commit.ts";
import { ofKeys, type RuledBucket, requireRules } from "./version-rules.ts";

/** What an append needs to know of the object: not its extents, of which there may be thousands. */
export interface AppendableRow {
  id: string;
  sizeBytes: number;
  etag: string;
  storageClass: string;
  checksum: ChecksumRow | null;
  /** null: it is not one of parts, or its checksum can be carried on without them. */
  parts: PartSummaryRow[] | null;
  partCount: number;
  extentCount: number;
  /** The bytes after the last extent, base64; null: there are none. */
  inlineBody: string | null;
  /** Canonical id of an owner of its own; null: the bucket's owner. */
  ownerId: string | null;
  /** Of its attributes only what its encryption is; JSON that the store wrote. */
  attributes: { encryption?: { sealed: string } };
  /** How many it has. */
  annotations: number;
}

export interface Append {
  /** Never versioned. */
  bucket: RuledBucket;
  key: string;
  /** The object as it was found. */
  from: Pick<AppendableRow, "id" | "inlineBody" | "attributes" | "annotations">;
  /** What the row says of its encryption from then on; null: it is plain. */
  encryption: unknown;
  /** Id of the longer object. */
  id: string;
  sizeBytes: number;
  etag: string;
  modifiedMs: number;
  checksum: ChecksumRow | null;
  /** Set if the result has parts. If the object had none before, its old content becomes part 1. */
  parts: { first: PartSummaryRow; next: PartSummaryRow } | null;
  /** Blobs and extents that were written; absent: all that is new lies in `inlineBody`. */
  written?: { blobs: readonly BlobRow[]; extents: readonly ExtentRow[] };
  inlineBody: string | null;
  /** For those who want to know of the bucket. */
  news: News | null;
}

type RawAppendable = Omit<AppendableRow, "checksum" | "parts" | "attributes"> & {
  checksum: string | null;
  parts: string | null;
  encryption: string | null;
};

function parseAppendable({ checksum, parts, encryption, ...row }: RawAppendable): AppendableRow {
  const attributes = encryption === null ? {} : { encryption: JSON.parse(encryption) };
  return { ...row, checksum: parseJson<ChecksumRow>(checksum), parts: parseJson<PartSummaryRow[]>(parts), attributes };
}

/** Appends to objects in place. Each method is one round trip. */
export class Appends {
  readonly #database: Database;
  readonly #memory: AccessMemory;

  constructor(database: Database, memory: AccessMemory) {
    this.#database = database;
    this.#memory = memory;
  }

  /** The object that the key names, or null; null for all if there is no such bucket. */
  async find(bucket: string, key: string): Promise<{ bucket: BucketRow; object: AppendableRow | null } | null> {
    const known = this.#memory.of(bucket);
    const [[found], [raw]] = await this.#database.batch<[RawBucket, RawAppendable]>([
      findBucket(bucket, known),
      {
        sql: `SELECT id, size_bytes AS "sizeBytes", etag, storage_class AS "storageClass", checksum,
                CASE WHEN checksum ->> 'type' = 'composite' THEN parts END AS parts,
                coalesce(json_array_length(parts), 0) AS "partCount",
                coalesce(json_array_length(extents), 0) AS "extentCount", inline_body AS "inlineBody",
                attributes ->> '$.owner.id' AS "ownerId", attributes -> '$.encryption' AS encryption, annotations
              FROM objects WHERE bucket_id = (SELECT id FROM buckets WHERE name = ?1) AND key = ?2`,
        values: [bucket, key],
      },
    ]);
    if (!found) return null;
    return { bucket: this.#memory.complete(found, known), object: raw ? parseAppendable(raw) : null };
  }

  /**
   * Makes the object longer, under a new id. Its extents stay what they are, with their referents, so nothing of what it was
   * becomes trash. Throws `GuardError` bucket_changed, or object_changed if it is not what was found: the id changes with
   * its bytes, and bytes that were inline do not stay so when the packer moves them.
   */
  async append(append: Append): Promise<{ seq: number }> {
    const { bucket, key, from, written } = append;
    const unchanged = `EXISTS (SELECT 1 FROM objects WHERE bucket_id = ?1 AND key = ?2 AND id = ?3 AND (inline_body IS NULL) = ?4 AND annotations = ?5
         AND attributes ->> '$.encryption.sealed' IS ?6)`;
    const before = [
      requireRules(bucket),
      require("object_changed", unchanged, [
        bucket.id,
        key,
        from.id,
        from.inlineBody === null ? 1 : 0,
        from.annotations,
        from.attributes.encryption?.sealed ?? null,
      ]),
      // They stay with the object, whose id is another one from now on.
      ...(from.annotations > 0
        ? [
            {
              sql: "UPDATE OR REPLACE annotations SET version_id = ?2 WHERE version_id = ?1",
              values: [from.id, append.id],
            },
          ]
        : []),
      ...refer(written?.blobs, undefined, append.id, append.modifiedMs),
    ];
    const results = await this.#database.batch<{ seq: number }[]>([
      ...before,
      {
        sql: `UPDATE objects SET id = ?3, size_bytes = ?4, etag = ?5, modified_ms = ?6, checksum = ?7, inline_body = ?8,
                attributes = CASE WHEN ?12 IS NULL THEN attributes ELSE json_set(attributes, '$.encryption', json(?12)) END,
                extents = CASE WHEN ?9 IS NULL THEN extents WHEN coalesce(json_array_length(extents), 0) = 0 THEN ?9
                  ELSE substr(extents, 1, length(extents) - 1) || ',' || substr(?9, 2) END,
                parts = CASE WHEN ?10 IS NULL THEN NULL ELSE json_insert(coalesce(parts, json_array(json(?10))), '$[#]', json(?11)) END
              WHERE bucket_id = ?1 AND key = ?2
              RETURNING seq`,
        values: [
          bucket.id,
          key,
          append.id,
          append.sizeBytes,
          append.etag,
          append.modifiedMs,
          jsonOrNull(append.checksum),
          append.inlineBody,
          jsonOrNull(written?.extents),
          jsonOrNull(append.parts?.first),
          jsonOrNull(append.parts?.next),
          jsonOrNull(append.encryption),
        ],
      },
      ...announceCurrent(bucket, ofKeys([key]), append.news),
    ]);
    return (results[before.length] as { seq: number }[])[0] as { seq: number };
  }
}

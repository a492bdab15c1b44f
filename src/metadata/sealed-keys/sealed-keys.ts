import type { Database } from "../database.ts";

/** Tables whose rows have sealed keys in their attributes. */
export const SEALED_TABLES = ["objects", "versions", "uploads"] as const;
export type SealedTable = (typeof SEALED_TABLES)[number];

/** Primary key of a row; null: before the first. */
export type SealedPlace = readonly (string | number)[] | null;

/** A row whose key is sealed under a root secret (SSE-S3). */
export interface SealedKeyRow {
  place: readonly (string | number)[];
  bucketId: number;
  bucket: string;
  key: string;
  id: string;
  /** JSON that the store wrote. */
  encryption: unknown;
}

const KEYS: Record<SealedTable, readonly string[]> = {
  objects: ["bucket_id", "key"],
  versions: ["bucket_id", "key", "seq"],
  uploads: ["bucket_id", "key", "id"],
};

/** What sealing keys again asks of D1. Each method is one round trip. */
export class SealedKeyTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Of the next `limit` rows those that are encrypted with SSE-S3, and where to go on; `next` null: the table ends. */
  async page(
    table: SealedTable,
    after: SealedPlace,
    limit: number,
  ): Promise<{ rows: SealedKeyRow[]; next: SealedPlace }> {
    const columns = KEYS[table].join(", ");
    const rows = await this.#database.all<Omit<SealedKeyRow, "place"> & { place: string }>(
      `SELECT json_array(${columns}) AS place, bucket_id AS "bucketId", (SELECT name FROM buckets b WHERE b.id = o.bucket_id) AS bucket,
         key, id, CASE WHEN attributes ->> '$.encryption.form' = 'AES256' THEN attributes -> '$.encryption' END AS encryption
       FROM ${table} o ${afterKey(table, after)} ORDER BY ${columns.replace("seq", "seq DESC")} LIMIT ${limit}`,
      ...(after ?? []),
    );
    const parsed = rows.map((row) => ({ ...row, place: JSON.parse(row.place) as (string | number)[] }));
    const sealed = parsed.filter(({ encryption, bucket }) => encryption !== null && bucket !== null);
    return {
      rows: sealed.map((row) => ({ ...row, encryption: JSON.parse(row.encryption as string) as unknown })),
      next: rows.length < limit ? null : (parsed.at(-1)?.place ?? null),
    };
  }

  /** Replaces sealed keys, each only if the row still has the one that it had. Repeating it is harmless. Gives how many were. */
  async reseal(
    table: SealedTable,
    changes: readonly { place: readonly (string | number)[]; from: string; to: unknown }[],
  ): Promise<number> {
    const place = KEYS[table].map((column, index) => `o.${column} = c.value ->> '$[0][${index}]'`).join(" AND ");
    const rows = await this.#database.all<{ id: string }>(
      `UPDATE ${table} AS o SET attributes = json_set(o.attributes, '$.encryption', json(c.value -> 2)) FROM json_each(?1) c
       WHERE ${place} AND o.attributes ->> '$.encryption.sealed' = c.value ->> 1 RETURNING id`,
      JSON.stringify(changes.map((change) => [change.place, change.from, change.to])),
    );
    return rows.length;
  }
}

function afterKey(table: SealedTable, after: SealedPlace): string {
  if (after === null) return "";
  if (table === "uploads") return "WHERE (bucket_id, key, id) > (?1, ?2, ?3)";
  if (table === "objects") return "WHERE (bucket_id, key) > (?1, ?2)";
  return "WHERE (bucket_id, key) >= (?1, ?2) AND NOT (bucket_id = ?1 AND key = ?2 AND seq >= ?3)";
}

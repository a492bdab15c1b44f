import type { LifecycleConfiguration } from "../../src/lifecycle/configuration.ts";

const DAY_MS = 86_400_000;

/** Rows of one statement. */
const ROWS_PER_STATEMENT = 50_000;

/** The rule of the measured buckets. */
export const MONTH: LifecycleConfiguration = {
  rules: [{ id: "a month", enabled: true, filter: { form: "one" }, expiration: { days: 30 } }],
  minimumSize: "all_storage_classes_128K",
};

export interface Filling {
  bucket: string;
  keys: number;
  /** Every so many keys one that is two months old; the others are a day old. */
  dueEvery: number;
}

/** Statements that insert objects with extents over blobs that are not there: expiry does not look at them. */
export function* fillStatements({ bucket, keys, dueEvery }: Filling, nowMs: number): Generator<string> {
  for (let from = 0; from < keys; from += ROWS_PER_STATEMENT) {
    const to = Math.min(keys, from + ROWS_PER_STATEMENT);
    yield `WITH RECURSIVE n (i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${to})
      INSERT INTO objects (bucket_id, key, id, seq, is_null, size_bytes, etag, modified_ms, storage_class, attributes, extents)
      SELECT (SELECT id FROM buckets WHERE name = '${bucket}'), printf('logs/%09d', i), printf('%026d', i), 1, 1, 300000,
        '0123456789abcdef0123456789abcdef', CASE WHEN i % ${dueEvery} = 0 THEN ${nowMs - 60 * DAY_MS} ELSE ${nowMs - DAY_MS} END,
        'STANDARD', '{"system":{"contentType":"text/plain"},"user":{}}', json_array(json_array(0, 300000, printf('%026d', i), 0, printf('%026d', i)))
      FROM n`;
  }
}

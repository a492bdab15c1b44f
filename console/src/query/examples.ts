/** A bucket in the examples stands for the first one that the reader has. */
const BUCKET = "holiday";

/** Questions of docs/sql.md, in its order; each has a text `sql.example.<name>`. */
const EXAMPLES = {
  buckets: `SELECT bucket, count(*) AS objects, sum(size) AS bytes
FROM objects GROUP BY bucket ORDER BY bytes DESC`,
  folders: `SELECT substr(key, 1, instr(key, '/')) AS folder, count(*) AS objects, sum(size) AS bytes
FROM objects WHERE bucket = 'holiday' GROUP BY 1 ORDER BY 3 DESC`,
  largest: `SELECT key, size FROM objects
WHERE bucket = 'holiday' AND starts_with(key, '2026/') ORDER BY size DESC LIMIT 20`,
  week: `SELECT date(last_modified) AS day, count(*) AS objects FROM objects
WHERE bucket = 'holiday' AND last_modified >= datetime('now', '-7 days') GROUP BY 1 ORDER BY 1`,
  copies: `SELECT etag, size, count(*) AS copies, min(key) AS one
FROM objects WHERE bucket = 'holiday' GROUP BY etag, size HAVING count(*) > 1`,
  tagged: `SELECT key, size FROM objects
WHERE bucket = 'holiday' AND tags ->> 'team' = 'film'`,
  untagged: `SELECT key FROM objects
WHERE bucket = 'holiday' AND tags ->> 'team' IS NULL`,
  noncurrent: `SELECT bucket, count(*) AS versions, sum(size) AS bytes
FROM versions WHERE NOT is_latest GROUP BY bucket`,
  unfinished: `SELECT u.key, u.initiated, count(p.part_number) AS parts, sum(p.size) AS bytes
FROM uploads u LEFT JOIN parts p ON p.upload_id = u.upload_id AND p.key = u.key
WHERE u.bucket = 'holiday' AND p.bucket = 'holiday' AND u.initiated < datetime('now', '-7 days')
GROUP BY 1, 2`,
  types: `SELECT content_type, sum(size) AS bytes,
  round(100.0 * sum(size) / sum(sum(size)) OVER (), 1) AS percent
FROM objects WHERE bucket = 'holiday' GROUP BY content_type ORDER BY bytes DESC`,
} as const;

export type ExampleName = keyof typeof EXAMPLES;
export const EXAMPLE_NAMES = Object.keys(EXAMPLES) as ExampleName[];

/** An example about that bucket. */
export function exampleQuery(name: ExampleName, bucket: string | undefined): string {
  return EXAMPLES[name].replaceAll(`'${BUCKET}'`, `'${bucket ?? BUCKET}'`);
}

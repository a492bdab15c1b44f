import type { BenchClient } from "../support/http-client.ts";
import { type MeteredSherd, runSql } from "../support/metered-sherd.ts";
import { signedRequest, unsignedUpload } from "../support/signed-request.ts";
import { type Shape, VERSIONED_EVERY } from "./shapes.ts";

/** Rows that one statement writes: a million in one would hold up everything else for its time. */
const ROWS_PER_STATEMENT = 100_000;
/** Stored as three copies: a row of the size that most rows have, with extents and no inline body. */
const TEMPLATE_BYTES = 100_000;
const TEMPLATE_KEY = "~template";
const VERSIONING = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";

/**
 * Makes a bucket of this many keys: the Worker writes one object, and where the shape has them an old version and a delete marker;
 * SQL repeats their rows under all the keys, with ids and ETags of their own. What listing does not read is not repeated: blobs,
 * their references, shards.
 */
export async function fillBucket(
  client: BenchClient,
  sherd: MeteredSherd,
  { bucket, shape, keys }: { bucket: string; shape: Shape; keys: number },
): Promise<void> {
  const send = (method: string, more: { key?: string; query?: string; body?: Buffer } = {}) =>
    client.expect(signedRequest(sherd, { method, bucket, ...more }));
  const put = (key: string) =>
    client.expect(unsignedUpload(sherd, { method: "PUT", bucket, key, body: Buffer.alloc(TEMPLATE_BYTES, 7) }));
  await send("PUT");
  if (shape.hasVersions) await send("PUT", { query: "versioning=", body: Buffer.from(VERSIONING) });
  await put(TEMPLATE_KEY);
  await repeatRows(sherd, { table: "objects", keys, key: shape.keySql(keys) });
  if (shape.hasVersions) {
    await put(TEMPLATE_KEY);
    await send("DELETE", { key: TEMPLATE_KEY });
    // Between a key and the next one comes the key with "-" behind it.
    const every = { table: "versions", keys, where: `i % ${VERSIONED_EVERY} = 0` };
    const old = { ...every, template: "is_marker = 0", versions: VERSIONED_EVERY };
    await repeatRows(sherd, { ...old, key: shape.keySql(keys), seq: "j" });
    const deleted = `${shape.keySql(keys)} || '-'`;
    await repeatRows(sherd, { ...old, versions: VERSIONED_EVERY - 1, key: deleted, seq: "j" });
    await repeatRows(sherd, { ...every, template: "is_marker = 1", key: deleted, seq: `${VERSIONED_EVERY}` });
    // Newer than all its old versions.
    await runSql(sherd, `UPDATE objects SET seq = ${VERSIONED_EVERY + 1} WHERE key <> '${TEMPLATE_KEY}'`);
  }
  for (const table of ["objects", "versions"])
    await runSql(sherd, `DELETE FROM ${table} WHERE key = '${TEMPLATE_KEY}'`);
}

/** SQL over the key's number `i` and the version's `j`, from 1. */
interface Repetition {
  table: string;
  keys: number;
  key: string;
  seq?: string;
  /** Which numbers; all of them without it. */
  where?: string;
  /** Which row of the template is repeated. */
  template?: string;
  versions?: number;
}

async function repeatRows(sherd: MeteredSherd, repetition: Repetition): Promise<void> {
  const { table, keys, key, seq, where = "1", template = "1", versions = 1 } = repetition;
  const columns = (await runSql(sherd, `SELECT name FROM pragma_table_info('${table}')`)).map(({ name }) => `${name}`);
  const own: Record<string, string> = {
    key,
    id: "substr(t.id, 1, 10) || substr(hex(randomblob(8)), 1, 16)",
    // A delete marker has none.
    etag: "CASE t.etag WHEN '' THEN '' ELSE lower(hex(randomblob(16))) END",
    ...(seq === undefined ? {} : { seq }),
  };
  const values = columns.map((column) => own[column] ?? `t.${column}`);
  for (let from = 0; from < keys; from += ROWS_PER_STATEMENT) {
    const to = Math.min(keys, from + ROWS_PER_STATEMENT);
    await runSql(
      sherd,
      `WITH RECURSIVE numbers (i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < ${to}),
         olds (j) AS (SELECT 1 UNION ALL SELECT j + 1 FROM olds WHERE j < ${versions}),
         t AS MATERIALIZED (SELECT * FROM ${table} WHERE key = '${TEMPLATE_KEY}' AND ${template} LIMIT 1)
       INSERT INTO ${table} SELECT ${values.join(", ")} FROM numbers CROSS JOIN olds CROSS JOIN t WHERE ${where}`,
    );
  }
}

import { isMarkerKey } from "../src/drives/marker.ts";
import type { StoreContext } from "../src/store/context.ts";
import { StoreError } from "../src/store/failure.ts";
import { openObject } from "../src/store/read/objects.ts";
import { RECOUNT } from "../test/support/recount.ts";
import { type Oracle, Violation } from "./oracle.ts";
import type { Versions } from "./versions.ts";
import type { World } from "./world.ts";

/** Reads every key as it is now, with nothing else going on, and checks it to the last byte. */
export async function auditContents(oracle: Oracle, store: StoreContext): Promise<void> {
  for (const name of oracle.keys) {
    const at = name.indexOf("/");
    const [bucket, key] = [name.slice(0, at), name.slice(at + 1)];
    const beganAt = oracle.tick();
    const etag = await readWhole(oracle, store, { bucket, key });
    oracle.checkRead(name, etag, beganAt);
    oracle.forgetPast(name);
  }
}

async function readWhole(
  oracle: Oracle,
  store: StoreContext,
  name: { bucket: string; key: string },
): Promise<string | null> {
  try {
    const { head, read } = await openObject(store, name);
    const body = await read({ offset: 0, length: head.sizeBytes });
    let at = 0;
    for (let piece = await body.next(); piece; piece = await body.next()) {
      oracle.checkBytes(name.key, head.etag, at, piece);
      at += piece.length;
    }
    if (at !== oracle.bytesOf(head.etag)?.length) throw new Violation(`${name.key}: ${at} bytes of ${head.etag}`);
    return head.etag;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (error.failure.kind === "no-such-key") return null;
    throw new Violation(`${name.key}: ${JSON.stringify(error.failure)} although nothing fails`, { cause: error });
  }
}

/** Reads every version that must be there, with nothing else going on. */
export async function auditVersions(oracle: Oracle, versions: Versions, store: StoreContext): Promise<void> {
  for (const version of versions.kept) {
    await versions.check(oracle, store, version).catch((error: unknown) => {
      if (!(error instanceof StoreError)) throw error;
      throw new Violation(`version ${version.versionId}: ${JSON.stringify(error.failure)} although nothing fails`);
    });
  }
}

/** References that extents need, each once, in a table with an index. */
const NEEDED = `CREATE TEMP TABLE needed (blob TEXT, referent TEXT, PRIMARY KEY (blob, referent)) WITHOUT ROWID;
  INSERT OR IGNORE INTO needed SELECT e.value ->> 2, e.value ->> 4 FROM (
    SELECT extents FROM objects UNION ALL SELECT extents FROM versions UNION ALL SELECT extents FROM parts
    UNION ALL SELECT extents FROM trash UNION ALL SELECT extents FROM annotations
  ) v, json_each(v.extents) e WHERE v.extents IS NOT NULL`;

/** Versions in the trash keep theirs until they are collected. */
const STRAY_ANNOTATIONS = `SELECT s.id, s.n AS said, f.n AS found FROM (
    SELECT id, annotations AS n FROM objects WHERE annotations > 0 UNION ALL SELECT id, annotations FROM versions WHERE annotations > 0
    UNION ALL SELECT id, annotations FROM trash WHERE annotations > 0
  ) s FULL JOIN (SELECT version_id AS id, count(*) AS n FROM annotations GROUP BY version_id) f USING (id) WHERE s.n IS NOT f.n`;

/** Buckets whose counters differ from the sums of their rows. */
const MISCOUNTED = `SELECT u.*, r.* FROM usage u FULL JOIN (${RECOUNT}) r USING (bucket_id)
  WHERE u.counted_to IS NULL AND (u.bytes, u.versions, u.objects, u.markers) IS NOT (r.bytes, r.versions, r.objects, r.markers)`;

/**
 * Checks rows against rows: references are exactly those that extents need, and every needed blob
 * exists.
 */
export function auditRows({ d1 }: World): void {
  const none = (what: string, sql: string) => {
    const rows = d1.database.prepare(sql).all();
    if (rows.length > 0) throw new Violation(`${what}: ${JSON.stringify(rows.slice(0, 3))}`);
  };
  d1.database.exec(NEEDED);
  none("extents without a reference", "SELECT * FROM needed EXCEPT SELECT blob_id, referent FROM blob_refs");
  none("references that no extent needs", "SELECT blob_id, referent FROM blob_refs EXCEPT SELECT * FROM needed");
  none("references to no blob", "SELECT blob_id FROM blob_refs EXCEPT SELECT id FROM blobs");
  none(
    "blobs that nothing holds",
    "SELECT id FROM blobs WHERE condemned_ms IS NULL EXCEPT SELECT blob_id FROM blob_refs",
  );
  d1.database.exec("DROP TABLE needed");
  none("versions with another number of annotations", STRAY_ANNOTATIONS);
  none("buckets with another usage than their rows", MISCOUNTED);
}

/**
 * Checks drives against rows, once all is healed and collected: every shard that a row names is
 * there, and no other.
 */
export function auditDrives({ d1, drives }: World): void {
  const named = new Set<string>();
  for (const { shards } of d1.database.prepare("SELECT shards FROM blobs").all() as { shards: string }[]) {
    for (const place of JSON.parse(shards) as ([string, string] | null)[]) {
      if (!place) throw new Violation("a shard is still missing");
      named.add(place.join(" "));
    }
  }
  const keysOf = (shards: ReadonlyMap<string, unknown>) => [...shards.keys()].filter((key) => !isMarkerKey(key));
  const stored = new Set(drives.flatMap(({ name, shards }) => keysOf(shards).map((key) => `${name} ${key}`)));
  for (const shard of named) if (!stored.has(shard)) throw new Violation(`lost shard ${shard}`);
  for (const shard of stored) if (!named.has(shard)) throw new Violation(`leaked shard ${shard}`);
}

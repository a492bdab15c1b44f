import { covers, isEveryKey, type KeyRange } from "../../base/key-range.ts";
import { quoteText } from "./quote.ts";
import { type SearchUse, searchKeys } from "./search-source.ts";
import type { Scope, VisibleBucket } from "./visible.ts";

/** Text that is greater than every key: no UTF-8 holds this byte. */
const TOP = "CAST(x'FF' AS TEXT)";

/** FROM and WHERE that read the scopes' rows of one table, and the name of their bucket. */
export interface RowSource {
  readonly from: string;
  /** Without WHERE; never empty. */
  readonly where: string;
  /** SQL of the bucket's name. */
  readonly bucketName: string;
}

/**
 * Rows of `table`, as `alias`, that lie in one of the scopes. Every way to read them goes through the primary key, by the
 * bucket's id: rows of other buckets are never visited.
 */
export function rowSource(
  table: string,
  alias: string,
  scopes: readonly Scope[],
  search: SearchUse | null = null,
): RowSource {
  const [first] = scopes;
  // No bucket has this id.
  if (first === undefined) return { from: `${table} AS ${alias}`, where: `${alias}.bucket_id = -1`, bucketName: "''" };
  if (search !== null && scopes.length === 1) return searchedSource(search, { table, alias, scope: first });
  if (scopes.length === 1 && first.keys.length === 1) {
    const where = [
      `${alias}.bucket_id = ${first.bucket.id}`,
      ...first.keys.flatMap((range) => keyConditions(alias, range)),
    ];
    return {
      from: `${table} AS ${alias}`,
      where: where.join(" AND "),
      bucketName: quoteText(first.bucket.name),
    };
  }
  const list = `${alias}_list`;
  const isWhole = scopes.every((scope) => isEveryKey(scope.keys));
  const entries = scopes.flatMap(({ bucket, keys: ranges }) =>
    ranges.map(({ lo, hi }) => [bucket.id, bucket.name, lo, hi]),
  );
  const shown = isWhole ? entries.map(([id, name]) => [id, name]) : entries;
  const inRange = ` AND ${alias}.key >= ${list}.value ->> 2 AND ${alias}.key < coalesce(${list}.value ->> 3, ${TOP})`;
  return {
    // CROSS JOIN: SQLite keeps this order.
    from: `json_each(${quoteText(JSON.stringify(shown))}) AS ${list} CROSS JOIN ${table} AS ${alias}`,
    where: `${alias}.bucket_id = ${list}.value ->> 0${isWhole ? "" : inRange}`,
    bucketName: `(${list}.value ->> 1)`,
  };
}

/** Rows of one bucket whose keys an index gives, each by its primary key. */
function searchedSource(
  search: SearchUse,
  { table, alias, scope }: { table: string; alias: string; scope: Scope },
): RowSource {
  const names = { value: alias.replace(/^./, "x"), name: alias.replace(/^./, "y") };
  const { from, where, key } = searchKeys(search, names, scope.keys);
  const own = `${alias}.bucket_id = ${scope.bucket.id} AND ${alias}.key = ${key}`;
  return {
    from: `${from} CROSS JOIN ${table} AS ${alias}`,
    where: where === null ? own : `${where} AND ${own}`,
    bucketName: quoteText(scope.bucket.name),
  };
}

/** SQL of the bounds of a range of keys. None: it is of every key. */
export function keyConditions(alias: string, { lo, hi }: KeyRange): string[] {
  const from = lo === "" ? [] : [`${alias}.key >= ${quoteText(lo)}`];
  return hi === null ? from : [...from, `${alias}.key < ${quoteText(hi)}`];
}

/**
 * `sql` where the caller may see the column, null elsewhere. `rangesOf` says where that is in a bucket.
 */
export function visibleColumn(
  sql: string,
  alias: string,
  { scopes, rangesOf }: { scopes: readonly Scope[]; rangesOf: (bucket: VisibleBucket) => readonly KeyRange[] },
): string {
  const conditions: string[] = [];
  let isEverywhere = true;
  for (const { bucket, keys } of scopes) {
    const ranges = rangesOf(bucket);
    if (!bucket.ownersOnly && covers(ranges, keys)) {
      conditions.push(`${alias}.bucket_id = ${bucket.id}`);
      continue;
    }
    isEverywhere = false;
    if (ranges.length === 0) continue;
    const inRange = ranges.map((range) => keyConditions(alias, range).join(" AND ") || "1").join(" OR ");
    const own = bucket.ownersOnly ? ` AND ${alias}.attributes ->> '$.owner' IS NULL` : "";
    conditions.push(`${alias}.bucket_id = ${bucket.id}${own} AND (${inRange})`);
  }
  if (isEverywhere) return sql;
  if (conditions.length === 0) return "NULL";
  return `CASE WHEN ${conditions.map((condition) => `(${condition})`).join(" OR ")} THEN ${sql} END`;
}

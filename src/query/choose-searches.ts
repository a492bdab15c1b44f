import { covers, EVERY_KEY, isEveryKey, type KeyRange } from "../base/key-range.ts";
import type { QueryTable } from "../metadata/query/queries.ts";
import type { SearchUse } from "../metadata/query/search-source.ts";
import type { VisibleBucket } from "../metadata/query/visible.ts";
import { TEXT_COLUMNS, type TextColumn } from "../metadata/search/text-table.ts";
import type { ScopedUse, Sight } from "./compile.ts";
import type { Searched } from "./searches.ts";

/** So many values are counted. Of several values or a range of them, which are sorted by their keys for each step, so many are used. */
const VALUES_MAX = 100_000;

/** Conditions of a query for which values are counted. Others are asked row by row alone. */
const CANDIDATES_MAX = 8;

interface Candidate {
  readonly use: ScopedUse;
  readonly search: SearchUse;
  readonly keys: readonly KeyRange[];
}

/**
 * Chooses an index for each place of a query that has a condition which one can answer: that which leaves the fewest rows. By the place's
 * number. One D1 round trip if there is such a place, two if it names keys besides; none otherwise.
 */
export async function chooseSearches(
  queries: Pick<QueryTable, "count" | "countSearches">,
  uses: readonly ScopedUse[],
  sight: Sight,
): Promise<ReadonlyMap<number, SearchUse>> {
  const candidates = uses.flatMap((use) => candidatesOf(use, sight)).slice(0, CANDIDATES_MAX);
  if (candidates.length === 0) return new Map();
  const counts = await queries.countSearches(candidates, VALUES_MAX + 1);
  const chosen = new Map<number, { candidate: Candidate; count: number }>();
  for (const [at, candidate] of candidates.entries()) {
    const count = counts[at] as number;
    const { number } = candidate.use;
    if (!candidate.search.isPoint && count > VALUES_MAX) continue;
    const before = chosen.get(number);
    if (before === undefined || count < before.count) chosen.set(number, { candidate, count });
  }
  for (const [number, { candidate, count }] of chosen) {
    // All values are visited, whatever keys they have: there may be fewer such keys.
    const { use, search, keys } = candidate;
    if (search.isPoint || isEveryKey(keys)) continue;
    if ((await queries.count(use.table, use.scopes, count + 1)) <= count) chosen.delete(number);
  }
  return new Map([...chosen].map(([number, { candidate }]) => [number, candidate.search]));
}

function candidatesOf(use: ScopedUse, { indexes }: Sight): Candidate[] {
  const [scope] = use.scopes;
  const index = use.scopes.length === 1 && scope ? indexes?.get(scope.bucket.id) : undefined;
  if (!scope || !index) return [];
  return use.searches
    .filter(({ kind, isPoint }) => {
      // Of several values all are counted and visited, wherever their keys lie.
      const keys = isPoint ? scope.keys : EVERY_KEY;
      // Words are counted, and FTS5 reads their places, in all columns.
      const kinds = kind === "text" ? TEXT_COLUMNS : [kind];
      const areShown = kinds.every((one) => isShown(one, scope.bucket, keys));
      return index.fields.has(kind) && (isPoint || scope.isWhole) && areShown;
    })
    .map(({ field, conditions, isPoint, terms }) => ({
      use,
      search: { indexId: index.id, field, conditions, isPoint, ...(terms && { terms }) },
      keys: scope.keys,
    }));
}

/** What the caller may not see of some rows must not be counted for him. */
function isShown(kind: Searched["kind"] | TextColumn, bucket: VisibleBucket, keys: readonly KeyRange[]): boolean {
  if (kind !== "tags" && kind !== "metadata") return true;
  const ranges = kind === "tags" ? bucket.current.tags : bucket.current.content;
  return !bucket.ownersOnly && covers(ranges, keys);
}

import type { Caller } from "../auth/access.ts";
import { firstAccount } from "../auth/principal.ts";
import type { Metadata } from "../metadata/metadata.ts";
import type { VisibleBucket } from "../metadata/query/visible.ts";
import type { BucketRow } from "../metadata/rows.ts";
import { compileParsed, type QueryInput, type Sight } from "./compile.ts";
import { QueryRefused } from "./failure.ts";
import type { ParsedQuery } from "./parse.ts";

/** What of a bucket a caller may see, as the service of S3 decides it. */
export type BucketSight = (bucket: BucketRow) => VisibleBucket;

/** The same, by a request's own facts. */
export type SeeBucket = (
  caller: Caller,
  request: { headers: Headers; tlsVersion: string | null; nowMs: number },
  bucket: BucketRow,
) => VisibleBucket;

/** A database, with what of it a caller may see. */
export interface FoundSight {
  readonly metadata: Metadata;
  readonly sight: Sight;
}

/** Buckets that one query may be about. */
const BUCKETS_MAX = 1_000;
/** What makes a caller an operator: an action of the tables, not of a page. */
export const OPERATORS_ACTION = "sherd:QueryStore";

/**
 * Finds the buckets that a query is about: those that it names, or all of the caller's account. They must lie in one database. Two D1 round trips for
 * each database at most. Throws `QueryRefused`.
 */
export async function findSight(
  caller: Caller,
  {
    databases,
    bucketSight,
    named,
  }: { databases: readonly Metadata[]; bucketSight: BucketSight; named: readonly string[] | null },
): Promise<FoundSight> {
  const { principal } = caller;
  if (!("accountId" in principal)) throw new QueryRefused("AccessDenied", "only members of an account may ask");
  const { accountId } = principal;
  const options = {
    ownerAccount: accountId,
    isFirst: accountId === firstAccount.accountId,
    names: named,
    limit: BUCKETS_MAX + 1,
  };
  const found = await Promise.all(
    databases.map(async (metadata) => {
      const [rows, indexes] = await Promise.all([
        metadata.buckets.settings(options),
        metadata.search.complete(options),
      ]);
      if (rows.length > BUCKETS_MAX) {
        throw new QueryRefused(
          "LimitExceeded",
          `there are more than ${BUCKETS_MAX} buckets`,
          "name some: bucket = '…', or buckets in the request",
        );
      }
      return { metadata, buckets: rows.map(bucketSight).filter(hasAnything), indexes };
    }),
  );
  const asked = found.filter(({ buckets }) => buckets.length > 0);
  if (asked.length > 1) {
    throw new QueryRefused(
      "NotAllowed",
      "these buckets lie in several databases",
      "name buckets of one: bucket = '…', or buckets in the request",
    );
  }
  const chosen = asked[0] ?? (found[0] as (typeof found)[number]);
  const sight = { buckets: chosen.buckets, isOperator: isOperator(caller), indexes: chosen.indexes };
  return { metadata: chosen.metadata, sight };
}

function hasAnything({ objects, versions, uploads }: VisibleBucket): boolean {
  return objects.length + versions.length + uploads.length > 0;
}

/** Tables about the whole store are for the first account's root, and for those of its members whom a policy allows it. */
export function isOperator(caller: Caller): boolean {
  const { accountId } = firstAccount;
  const { principal } = caller;
  if (!("accountId" in principal) || principal.accountId !== accountId) return false;
  const resource = `arn:aws:sherd::${accountId}:${OPERATORS_ACTION.slice("sherd:".length)}`;
  return caller.decide({ action: OPERATORS_ACTION, resource, resourceAccountId: accountId }).allowed;
}

/** The buckets that a query names in conditions of every table that it reads; null: it may be about any. */
export function bucketsNamed(parsed: ParsedQuery, input: Pick<QueryInput, "parameters" | "dialect">): string[] | null {
  const { uses } = compileParsed(parsed, input, { sight: { buckets: [], isOperator: true } });
  const names = uses.map(({ narrowing }) => narrowing.buckets);
  return names.length > 0 && names.every((list) => list !== null) ? [...new Set(names.flat())] : null;
}

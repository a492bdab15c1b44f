import { type BucketSearchIndex, SEARCH_FIELDS, type SearchField } from "../metadata/search/search.ts";
import { storeOf } from "../store/buckets/databases.ts";
import type { StoreContext } from "../store/context.ts";
import { jsonPage, refusal } from "./json-page.ts";
import { readMembers } from "./read-members.ts";
import type { AskedPage, OwnPage } from "./serve-page.ts";

/**
 * `/-/search-index/BUCKET`: GET tells of which fields the bucket keeps an index and whether it is complete, PUT begins one, DELETE switches it off
 * (docs/sql.md).
 */
export function searchPages(store: StoreContext): Map<string, OwnPage[]> {
  const page = (
    method: OwnPage["method"],
    action: string,
    act: (one: StoreContext, bucketId: number, asked: AskedPage) => Promise<string | null>,
  ): OwnPage => ({
    method,
    action,
    resource: ({ bucket = "" }) => `arn:aws:s3:::${bucket}`,
    async render(asked) {
      const { bucket = "" } = asked.path;
      const one = await storeOf(store, bucket);
      const found = await one.metadata.search.ofBucket(bucket);
      if (!found) return refusal(404, `there is no bucket ${bucket}`);
      const problem = await act(one, found.bucketId, asked);
      if (problem !== null) return refusal(400, problem);
      const now = method === "GET" ? found : await one.metadata.search.ofBucket(bucket);
      return now ? jsonPage(shown(bucket, now)) : refusal(404, `there is no bucket ${bucket}`);
    },
  });
  return new Map([
    [
      "search-index/:bucket",
      [
        page("GET", "sherd:GetBucketSearchIndex", async () => null),
        page("PUT", "sherd:PutBucketSearchIndex", async ({ metadata, clock }, bucketId, { body }) => {
          const fields = readFields(body);
          if (typeof fields === "string") return fields;
          await metadata.search.set(bucketId, fields, clock.now());
          return null;
        }),
        page("DELETE", "sherd:DeleteBucketSearchIndex", async ({ metadata, clock }, bucketId) => {
          await metadata.search.drop(bucketId, clock.now());
          return null;
        }),
      ],
    ],
  ]);
}

/** The fields, or what is wrong with them. */
function readFields(body: Uint8Array): ReadonlySet<SearchField> | string {
  const problem = `the body must be {"fields": […]} with one or more of ${SEARCH_FIELDS.join(", ")}`;
  const fields: unknown = readMembers(body, ["fields"])?.get("fields");
  if (!Array.isArray(fields) || fields.length === 0 || fields.length > SEARCH_FIELDS.length) return problem;
  const known: readonly unknown[] = SEARCH_FIELDS;
  return fields.every((field) => known.includes(field)) ? new Set(fields as SearchField[]) : problem;
}

function shown(bucket: string, { index }: BucketSearchIndex) {
  if (index === null) return { bucket, fields: [], state: "off" };
  const { fields, filledTo } = index;
  return {
    bucket,
    fields: SEARCH_FIELDS.filter((field) => fields.has(field)),
    ...(filledTo === null ? { state: "complete" } : { state: "filling", filledTo }),
  };
}

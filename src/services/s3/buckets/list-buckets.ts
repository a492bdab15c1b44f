import { canonicalIdOf } from "../../../auth/principal.ts";
import type { Answer } from "../../../edge/answer.ts";
import { element, optional, type Xml, xmlDocument, xmlTime } from "../../../protocols/rest-xml/write.ts";
import { type ListedBucket, listBuckets as listStored } from "../../../store/buckets/buckets.ts";
import type { Call } from "../handler.ts";
import { decodeToken, encodeToken } from "../listing/continuation-token.ts";
import { ownerElement } from "../listing/owner.ts";
import { invalidArgument, parseCount } from "../listing/parameters.ts";

const BUCKETS_MAX = 10_000;

/** GET /: the caller's buckets by name, all of them or, with max-buckets, in pages. */
export async function listBuckets(call: Call): Promise<Answer> {
  const { query, principal } = call;
  if (principal.kind === "anonymous") throw new Error("anonymous owns no buckets: to be refused by authorisation");
  const limit = parseCount(query, "max-buckets", BUCKETS_MAX);
  if (limit < 1 || limit > BUCKETS_MAX) {
    throw invalidArgument(
      "max-buckets",
      `${limit}`,
      `Argument max-buckets must be an integer between 1 and ${BUCKETS_MAX}`,
    );
  }
  const prefix = query.get("prefix") ?? "";
  const region = query.get("bucket-region") ?? "";
  const token = query.get("continuation-token");
  const after = token === null ? "" : (decodeToken("ListBuckets", token) as string);

  const page = await ownBuckets(call, { owner: canonicalIdOf(principal), prefix, region, after, limit });
  const next = page.truncated ? encodeToken("ListBuckets", page.buckets.at(-1)?.name ?? "") : undefined;
  const body = xmlDocument(
    "ListAllMyBucketsResult",
    ownerElement("Owner", principal),
    element("Buckets", page.buckets.map(bucketElement)),
    optional("ContinuationToken", next),
    optional("Prefix", prefix === "" ? undefined : prefix),
  );
  return { status: 200, body };
}

interface BucketQuery {
  owner: string;
  prefix: string;
  /** "" for every region. */
  region: string;
  after: string;
  limit: number;
}

/** An account has at most ten thousand buckets, so those of one region are filtered from all. */
async function ownBuckets(
  { store }: Call,
  query: BucketQuery,
): Promise<{ buckets: ListedBucket[]; truncated: boolean }> {
  const { region, limit, ...page } = query;
  if (region === "") return listStored(store, { ...page, limit });
  const all = await listStored(store, { ...page, limit: BUCKETS_MAX });
  const buckets = all.buckets.filter((bucket) => bucket.region === region);
  return { buckets: buckets.slice(0, limit), truncated: buckets.length > limit };
}

function bucketElement(bucket: ListedBucket): Xml {
  return element(
    "Bucket",
    element("Name", bucket.name),
    element("CreationDate", xmlTime(bucket.createdMs)),
    element("BucketRegion", bucket.region),
  );
}

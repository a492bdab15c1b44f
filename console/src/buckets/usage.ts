import type { AwsClient } from "../aws/client.ts";

/** Counted exactly: bytes of all versions, keys that have a current version, versions. */
export interface Usage {
  bytes: number;
  objects: number;
  versions: number;
  deleteMarkers: number;
}

export interface Quota {
  bytesMax: number | null;
  objectsMax: number | null;
  bytesSoft: number | null;
  objectsSoft: number | null;
}

export interface BucketUsage extends Usage {
  isCounted: boolean;
  quota: Quota;
  monthlyDollars: { total: number } | null;
  /** The newest first. */
  days: ({ date: string } & Usage)[];
}

/** Usage of every bucket, page by page. Throws `AwsError` if the caller may not see it. */
export async function allUsage(client: AwsClient): Promise<Map<string, Usage>> {
  const found = new Map<string, Usage>();
  let after: string | undefined;
  do {
    const query = { days: "1", after };
    const page = await client.own<{ buckets: ({ bucket: string } & Usage)[]; next: string | null }>({
      path: "/-/usage",
      query,
    });
    for (const one of page.buckets) found.set(one.bucket, one);
    after = page.next ?? undefined;
  } while (after !== undefined);
  return found;
}

export async function bucketUsage(client: AwsClient, bucket: string): Promise<BucketUsage> {
  return client.own<BucketUsage>({ path: "/-/usage", query: { bucket, days: "400" } });
}

export async function putQuota(client: AwsClient, bucket: string, quota: Quota): Promise<void> {
  await client.own({ method: "PUT", path: `/-/quota/${bucket}`, body: JSON.stringify(quota) });
}

export interface AccountQuota {
  quota: Quota;
  used: { bytes: number; objects: number };
}

/** Of all buckets of an account together. */
export async function accountQuota(client: AwsClient, accountId: string): Promise<AccountQuota> {
  return client.own<AccountQuota>({ path: `/-/account-quota/${accountId}` });
}

export async function putAccountQuota(client: AwsClient, accountId: string, quota: Quota): Promise<void> {
  await client.own({ method: "PUT", path: `/-/account-quota/${accountId}`, body: JSON.stringify(quota) });
}

import type { AwsClient } from "../aws/client.ts";

/** Names of the rates, as `/-/rate-limits` has them. */
export const MEASURES = ["requestsPerSecond", "bytesInPerSecond", "bytesOutPerSecond"] as const;
type Rates = Record<(typeof MEASURES)[number], number | null>;

/** Of an account, or of one of its keys. */
export interface RateLimit extends Rates {
  accountId: string;
  accessKeyId: string | null;
}

/** All limits, page by page. Throws `AwsError` if the caller may not see them. */
export async function listRateLimits(client: AwsClient): Promise<RateLimit[]> {
  const found: RateLimit[] = [];
  let after: string | undefined;
  do {
    const query = { after };
    const page = await client.own<{ limits: RateLimit[]; next: string | null }>({ path: "/-/rate-limits", query });
    found.push(...page.limits);
    after = page.next ?? undefined;
  } while (after !== undefined);
  return found;
}

export async function putRateLimit(client: AwsClient, limit: RateLimit): Promise<void> {
  const { accessKeyId, ...rest } = limit;
  const body = JSON.stringify({ ...rest, ...(accessKeyId === null ? {} : { accessKeyId }) });
  await client.own({ method: "PUT", path: "/-/rate-limits", body });
}

export async function deleteRateLimit(
  client: AwsClient,
  { accountId, accessKeyId }: Pick<RateLimit, "accountId" | "accessKeyId">,
): Promise<void> {
  const query = { accountId, accessKeyId: accessKeyId ?? undefined };
  await client.own({ method: "DELETE", path: "/-/rate-limits", query });
}

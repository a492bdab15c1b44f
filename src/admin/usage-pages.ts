import { firstAccount } from "../auth/principal.ts";
import { setAccountQuota } from "../maintenance/usage/divide-quotas.ts";
import { monthlyCost } from "../maintenance/usage/monthly-cost.ts";
import { USAGE_DAYS } from "../maintenance/usage/usage.ts";
import { GuardError } from "../metadata/database.ts";
import type { Quota } from "../metadata/usage/quotas.ts";
import type { AccountUsage, Usage, UsageDay } from "../metadata/usage/usage.ts";
import { allStores, storeOf } from "../store/buckets/databases.ts";
import type { StoreContext } from "../store/context.ts";
import { jsonPage, refusal } from "./json-page.ts";
import { readMembers } from "./read-members.ts";
import type { AskedPage, OwnPage, RenderedPage } from "./serve-page.ts";

const BUCKETS_PER_PAGE_MAX = 1_000;
const DAY_MS = 24 * 3600 * 1000;
const NONE: Quota = { bytesMax: null, objectsMax: null, bytesSoft: null, objectsSoft: null };

/** `/-/usage`, `/-/quota/BUCKET` and `/-/account-quota[/ACCOUNT]`. Bodies and answers are JSON (docs/quotas.md). */
export function usagePages(store: StoreContext): Map<string, OwnPage[]> {
  const usage: OwnPage = {
    method: "GET",
    action: "sherd:GetUsage",
    async render({ query }) {
      const asked = { bucket: query.get("bucket"), account: query.get("account") };
      const [days, limit] = [numberIn(query, "days", USAGE_DAYS), numberIn(query, "limit", BUCKETS_PER_PAGE_MAX)];
      if (days === null || limit === null) return refusal(400, "days must be 1 to 400, limit 1 to 1000");
      const fromDay = Math.floor(store.clock.now() / DAY_MS) - days + 1;
      if (asked.bucket !== null) return bucketUsage(store, asked.bucket, fromDay);
      if (asked.account !== null) return accountUsage(store, asked.account, fromDay);
      return wholeUsage(store, { fromDay, limit, after: query.get("after") ?? "" });
    },
  };
  return new Map([
    ["usage", [usage]],
    ["quota/:bucket", bucketQuotaPages(store)],
    ["account-quota/:account?", accountQuotaPages(store)],
  ]);
}

function bucketQuotaPages(store: StoreContext): OwnPage[] {
  const resource = (path: AskedPage["path"]) => `arn:aws:s3:::${path.bucket}`;
  const page = (
    method: OwnPage["method"],
    action: string,
    act: (bucket: string, one: StoreContext, asked: AskedPage) => Promise<RenderedPage>,
  ): OwnPage => ({
    method,
    action,
    resource,
    async render(asked) {
      const bucket = asked.path.bucket ?? "";
      const one = await storeOf(store, bucket);
      try {
        return await act(bucket, one, asked);
      } catch (error) {
        if (error instanceof GuardError && error.guard === "no_such_bucket") return noBucket(bucket);
        throw error;
      }
    },
  });
  return [
    page("GET", "sherd:GetBucketQuota", async (bucket, { metadata }) => {
      const found = await metadata.usage.ofBucket(bucket);
      if (!found) return noBucket(bucket);
      return jsonPage({ bucket, quota: (await metadata.quotas.ofBucket(bucket)) ?? NONE, used: usedOf(found) });
    }),
    page("PUT", "sherd:PutBucketQuota", async (bucket, { metadata }, { body }) => {
      const quota = readQuota(body);
      if (typeof quota === "string") return refusal(400, quota);
      const found = await metadata.usage.ofBucket(bucket);
      if (!found) return noBucket(bucket);
      if (!found.isCounted) return refusal(409, "the bucket is still being counted: try again in a minute");
      await metadata.quotas.setOfBucket(bucket, quota);
      return jsonPage({ bucket, quota, used: usedOf(found) });
    }),
    page("DELETE", "sherd:DeleteBucketQuota", async (bucket, { metadata }) => {
      await metadata.quotas.setOfBucket(bucket, null);
      return jsonPage({ bucket, quota: NONE });
    }),
  ];
}

function accountQuotaPages(store: StoreContext): OwnPage[] {
  const page = (
    method: OwnPage["method"],
    action: string,
    act: (account: { id: string; owner: string }, asked: AskedPage) => Promise<RenderedPage>,
  ): OwnPage => ({
    method,
    action,
    async render(asked) {
      const id = asked.path.account ?? firstAccount.accountId;
      const owner = await ownerOf(store, id);
      return owner === null ? refusal(404, `there is no account ${id}`) : act({ id, owner }, asked);
    },
  });
  return [
    page("GET", "sherd:GetAccountQuota", async ({ id, owner }) => {
      const found = await store.metadata.quotas.ofAccount(owner);
      return jsonPage({ account: id, quota: found?.whole ?? NONE, used: usedOf(await sumOf(store, owner)) });
    }),
    page("PUT", "sherd:PutAccountQuota", async ({ id, owner }, { body }) => {
      const quota = readQuota(body);
      if (typeof quota === "string") return refusal(400, quota);
      const used = await sumOf(store, owner);
      if (!used.isCounted) return refusal(409, "the account's buckets are still being counted: try again in a minute");
      await setAccountQuota(store, owner, quota);
      return jsonPage({ account: id, quota, used: usedOf(used) });
    }),
    page("DELETE", "sherd:DeleteAccountQuota", async ({ id, owner }) => {
      await setAccountQuota(store, owner, null);
      return jsonPage({ account: id, quota: NONE });
    }),
  ];
}

async function bucketUsage(store: StoreContext, bucket: string, fromDay: number): Promise<RenderedPage> {
  const { metadata } = await storeOf(store, bucket);
  const found = await metadata.usage.ofBucket(bucket);
  if (!found) return noBucket(bucket);
  const [days, quota, all, cost] = await Promise.all([
    metadata.usage.days(found.bucketId, fromDay),
    metadata.quotas.ofBucket(bucket),
    sumOf(store, null),
    monthlyCost(store),
  ]);
  const monthlyDollars = cost?.(all.bytes === 0 ? 0 : found.bytes / all.bytes) ?? null;
  return jsonPage({ bucket, ...shown(found), quota: quota ?? NONE, monthlyDollars, days: days.map(shownDay) });
}

async function accountUsage(store: StoreContext, account: string, fromDay: number): Promise<RenderedPage> {
  const owner = await ownerOf(store, account);
  if (owner === null) return refusal(404, `there is no account ${account}`);
  const [found, all, cost, days, quota] = await Promise.all([
    sumOf(store, owner),
    sumOf(store, null),
    monthlyCost(store),
    daysOf(store, owner, fromDay),
    store.metadata.quotas.ofAccount(owner),
  ]);
  const monthlyDollars = cost?.(all.bytes === 0 ? 0 : found.bytes / all.bytes) ?? null;
  const { buckets } = found;
  return jsonPage({ account, buckets, ...shown(found), quota: quota?.whole ?? NONE, monthlyDollars, days });
}

async function wholeUsage(
  store: StoreContext,
  page: { fromDay: number; limit: number; after: string },
): Promise<RenderedPage> {
  const stores = allStores(store);
  const [accounts, cost, days, lists] = await Promise.all([
    accountSums(store),
    monthlyCost(store),
    daysOf(store, null, page.fromDay),
    Promise.all(stores.map(({ metadata }) => metadata.usage.buckets(page.after, page.limit + 1))),
  ]);
  const all = sumOfAccounts(accounts);
  const rows = lists.flat().sort((a, b) => (a.bucket < b.bucket ? -1 : 1));
  const listed = rows.slice(0, page.limit);
  const dollars = (bytes: number) => cost?.(all.bytes === 0 ? 0 : bytes / all.bytes).total ?? null;
  return jsonPage({
    total: { buckets: all.buckets, ...shown(all), monthlyDollars: cost?.(1) ?? null },
    accounts: accounts.map((one) => ({ canonicalId: one.owner, buckets: one.buckets, ...shown(one) })),
    buckets: listed.map((one) => ({ bucket: one.bucket, ...shown(one), monthlyDollars: dollars(one.bytes) })),
    next: rows.length > page.limit ? (listed.at(-1)?.bucket ?? null) : null,
    days,
  });
}

/** Usage of every account, of all databases together. */
export async function accountSums(store: StoreContext, owner: string | null = null): Promise<AccountUsage[]> {
  const lists = await Promise.all(allStores(store).map(({ metadata }) => metadata.usage.accounts(owner)));
  const sums = new Map<string, AccountUsage>();
  for (const one of lists.flat()) {
    const before = sums.get(one.owner);
    sums.set(one.owner, before ? added(before, one) : one);
  }
  return [...sums.values()];
}

async function sumOf(store: StoreContext, owner: string | null): Promise<AccountUsage> {
  return sumOfAccounts(await accountSums(store, owner));
}

function sumOfAccounts(accounts: readonly AccountUsage[]): AccountUsage {
  const nothing = { owner: "", bytes: 0, versions: 0, objects: 0, deleteMarkers: 0, buckets: 0, isCounted: true };
  return accounts.reduce(added, nothing);
}

function added(a: AccountUsage, b: AccountUsage): AccountUsage {
  const { bytes, versions, objects, deleteMarkers } = sumOfUsages(a, b);
  const isCounted = a.isCounted && b.isCounted;
  return { owner: b.owner, bytes, versions, objects, deleteMarkers, buckets: a.buckets + b.buckets, isCounted };
}

function sumOfUsages(a: Usage, b: Usage): Usage {
  return {
    bytes: a.bytes + b.bytes,
    versions: a.versions + b.versions,
    objects: a.objects + b.objects,
    deleteMarkers: a.deleteMarkers + b.deleteMarkers,
  };
}

async function daysOf(store: StoreContext, owner: string | null, fromDay: number) {
  const lists = await Promise.all(allStores(store).map(({ metadata }) => metadata.usage.accountDays(owner, fromDay)));
  const sums = new Map<number, UsageDay>();
  for (const one of lists.flat()) {
    const before = sums.get(one.day);
    sums.set(one.day, before ? { day: one.day, ...sumOfUsages(before, one) } : one);
  }
  return [...sums.values()].sort((a, b) => b.day - a.day).map(shownDay);
}

/** Canonical id of an account by its id; null: there is none. */
async function ownerOf(store: StoreContext, accountId: string): Promise<string | null> {
  return (await store.metadata.identities.accounts.find(accountId))?.canonicalId ?? null;
}

const shown = ({ bytes, objects, versions, deleteMarkers, isCounted }: Usage & { isCounted: boolean }) => ({
  bytes,
  objects,
  versions,
  deleteMarkers,
  isCounted,
});
const usedOf = ({ bytes, versions }: Usage) => ({ bytes, objects: versions });
const shownDay = ({ day, ...usage }: UsageDay) => ({
  date: new Date(day * DAY_MS).toISOString().slice(0, 10),
  ...usage,
});

/** The quota, or what is wrong with it. Members that are not there are null. */
function readQuota(body: Uint8Array): Quota | string {
  const members = readMembers(body, Object.keys(NONE));
  if (members === null) return `the body must be JSON with one or more of ${Object.keys(NONE).join(", ")}`;
  const quota = { ...NONE };
  for (const name of Object.keys(NONE) as (keyof Quota)[]) {
    const value = members.get(name) ?? null;
    if (value !== null && !(Number.isSafeInteger(value) && (value as number) >= 0)) {
      return `${name} must be an integer of 0 or more, or null`;
    }
    quota[name] = value as number | null;
  }
  return quota;
}

/** A number of the query, `max` if it is not there; null: it is none from 1 to `max`. */
function numberIn(query: URLSearchParams, name: string, max: number): number | null {
  const value = Number(query.get(name) ?? max);
  return Number.isInteger(value) && value >= 1 && value <= max ? value : null;
}

function noBucket(bucket: string): RenderedPage {
  return refusal(404, `there is no bucket ${bucket}`);
}

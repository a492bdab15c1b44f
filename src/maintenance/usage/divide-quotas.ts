import type { Quota } from "../../metadata/usage/quotas.ts";
import { allStores } from "../../store/buckets/databases.ts";
import type { StoreContext } from "../../store/context.ts";

type Limit = keyof Quota;
const LIMITS: readonly Limit[] = ["bytesMax", "objectsMax", "bytesSoft", "objectsSoft"];
const isBytes = (limit: Limit) => limit === "bytesMax" || limit === "bytesSoft";

/**
 * Sets the quota of an account in all databases, or removes it (null). Each of several databases
 * enforces a share: its own usage, and an equal part of the rest. Shares are decreased before
 * others are increased, so that they never add up to more than the quota. A crash in between leaves
 * them smaller, until the job divides again.
 */
export async function setAccountQuota(store: StoreContext, owner: string, quota: Quota | null): Promise<void> {
  const stores = allStores(store);
  if (quota === null) {
    await Promise.all(stores.map(({ metadata }) => metadata.quotas.dropOfAccount(owner)));
    return;
  }
  const parts = await Promise.all(
    stores.map(async ({ metadata }) => {
      const [used] = await metadata.usage.accounts(owner);
      const before = await metadata.quotas.ofAccount(owner);
      return { metadata, bytes: used?.bytes ?? 0, versions: used?.versions ?? 0, before: before?.share ?? null };
    }),
  );
  const wanted = parts.map((): Quota => ({ ...quota }));
  for (const limit of LIMITS) {
    const used = parts.map(({ bytes, versions }) => (isBytes(limit) ? bytes : versions));
    for (const [index, share] of sharesOf(quota[limit], used).entries()) (wanted[index] as Quota)[limit] = share;
  }
  if (parts.length === 1) {
    await parts[0]?.metadata.quotas.setShare(owner, quota, quota);
    return;
  }
  // First no share grows.
  const shrunk = await Promise.all(
    parts.map(({ metadata, before }, index) => {
      const want = wanted[index] as Quota;
      return metadata.quotas.setShare(owner, quota, { ...want, ...smallerOf(want, before) });
    }),
  );
  const rest = { bytesMax: restOf("bytesMax", quota, shrunk), objectsMax: restOf("objectsMax", quota, shrunk) };
  for (const [index, { metadata }] of parts.entries()) {
    const [want, has] = [wanted[index] as Quota, shrunk[index] as Quota];
    const grown = { ...want };
    for (const limit of ["bytesMax", "objectsMax"] as const) {
      if (want[limit] === null || has[limit] === null) continue;
      const more = Math.max(0, Math.min(want[limit] - has[limit], rest[limit]));
      rest[limit] -= more;
      grown[limit] = has[limit] + more;
    }
    await metadata.quotas.setShare(owner, quota, grown);
  }
}

/**
 * Divides all quotas of accounts again, if there are several databases. The first database's job
 * does it for all.
 */
export async function divideQuotas(store: StoreContext): Promise<void> {
  const stores = allStores(store);
  if (stores.length === 1 || store.metadata.identity.name !== stores[0]?.metadata.identity.name) return;
  const { quotas } = store.metadata;
  for (const owner of await quotas.owners()) {
    const found = await quotas.ofAccount(owner);
    if (found) await setAccountQuota(store, owner, found.whole);
  }
}

/** One share for each database: its own usage, and an equal part of the unused rest. */
export function sharesOf(limit: number | null, used: readonly number[]): (number | null)[] {
  if (limit === null) return used.map(() => null);
  const free = Math.max(0, limit - used.reduce((sum, one) => sum + one, 0));
  const part = Math.floor(free / used.length);
  return used.map((one, index) => one + part + (index === 0 ? free - part * used.length : 0));
}

/** A database without a quota had no limit: it gets its share at once. */
function smallerOf(want: Quota, before: Quota | null): Pick<Quota, "bytesMax" | "objectsMax"> {
  const smaller = (limit: "bytesMax" | "objectsMax") => {
    const [to, from] = [want[limit], before?.[limit] ?? null];
    return to === null || from === null ? to : Math.min(to, from);
  };
  return { bytesMax: smaller("bytesMax"), objectsMax: smaller("objectsMax") };
}

function restOf(limit: "bytesMax" | "objectsMax", quota: Quota, shares: readonly Quota[]): number {
  return (quota[limit] ?? 0) - shares.reduce((sum, share) => sum + (share[limit] ?? 0), 0);
}

import type { AccessGuard } from "../metadata/access-guard.ts";
import type { DataKeys, ServiceUse } from "../sealing/data-keys.ts";
import { allStores } from "./buckets/databases.ts";
import type { DatabaseSet, StoreContext } from "./context.ts";

/**
 * The store on behalf of a caller whose access may end at any time: nothing is read or committed
 * after that (see `GuardedDatabase`). Costs no additional D1 round trip. Errors of the guard are
 * thrown unchanged. Null: nobody's access ends. `dataKeys`: the KMS's data keys for that caller;
 * absent: there is no KMS.
 */
export function guardedStore(store: StoreContext, guard: AccessGuard | null, dataKeys?: DataKeys): StoreContext {
  if (guard === null && !dataKeys) return store;
  const [first = store] = allStores(store);
  // One object per database, because two buckets are in the same database exactly if their stores
  // are the same object.
  const known = new Map<StoreContext, StoreContext>();
  const guarded = (one: StoreContext): StoreContext => {
    const before = known.get(one);
    if (before !== undefined) return before;
    const metadata = guard ? one.metadata.guardedBy(guard, one === first ? null : first.metadata) : one.metadata;
    const sealing = dataKeys ? { ...one.sealing, dataKeys } : one.sealing;
    const made = { ...one, metadata, sealing, ...(one.databases && { databases: guardedSet(one.databases, guarded) }) };
    known.set(one, made);
    return made;
  };
  return guarded(store);
}

/**
 * The store for a service of the server's own: the KMS gives it data keys if the keys' policies
 * allow that.
 */
export function storeOfService(store: StoreContext, use: ServiceUse): StoreContext {
  const keys = store.dataKeysOfService?.(use);
  return keys ? guardedStore(store, keys.guard, keys) : store;
}

function guardedSet(set: DatabaseSet, guarded: (store: StoreContext) => StoreContext): DatabaseSet {
  return {
    get all() {
      return set.all.map(guarded);
    },
    of: async (bucket) => guarded(await set.of(bucket)),
    forNewBucket: async (bucket) => guarded(await set.forNewBucket(bucket)),
    keepName: (bucket, store) => set.keepName(bucket, store),
  };
}

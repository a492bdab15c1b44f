import type { AccessGuard } from "../metadata/access-guard.ts";
import type { DataKeys, ServiceUse } from "../sealing/data-keys.ts";
import { allStores } from "./buckets/databases.ts";
import type { DatabaseSet, StoreContext } from "./context.ts";

/**
 * The store on behalf of a caller whose access may be taken away at any time: nothing is read or committed once it is (see
 * `GuardedDatabase`). Costs no D1 round trip more. What the guard throws comes out as it is. Null: nobody's access ends. `dataKeys`: the
 * KMS's data keys for that caller; absent: there is no KMS.
 */
export function guardedStore(store: StoreContext, guard: AccessGuard | null, dataKeys?: DataKeys): StoreContext {
  if (guard === null && !dataKeys) return store;
  const [first = store] = allStores(store);
  // One object for each: whether two buckets lie in the same database is told by whether their stores are the same.
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

/** The store for a service of the server's own: it has data keys of the KMS where their keys' policies let it in. */
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

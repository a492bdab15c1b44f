import { firstAccount } from "../../src/auth/principal.ts";
import { EVERY_KEY, type KeyRange } from "../../src/base/key-range.ts";
import type { VisibleBucket } from "../../src/metadata/query/visible.ts";

/** A bucket of which everything is seen but rows outside `objects`. */
export function seen(id: number, name: string, objects: readonly KeyRange[] = EVERY_KEY): VisibleBucket {
  const columns = { content: EVERY_KEY, tags: EVERY_KEY, lock: EVERY_KEY };
  return {
    ...{ id, name, region: "us-east-1", createdMs: 0, owner: firstAccount.canonicalId, ownerAccount: null, objects },
    ...{
      versions: objects,
      uploads: objects,
      parts: EVERY_KEY,
      current: columns,
      anyVersion: columns,
      ownersOnly: false,
      partsOf: null,
    },
  };
}

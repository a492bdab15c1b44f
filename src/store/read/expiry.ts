import type { LifecycleConfiguration } from "../../lifecycle/configuration.ts";
import { type LifecycleRules, rulesOf } from "../../lifecycle/decide.ts";
import { type Expiry, expiryOf } from "../../lifecycle/headers.ts";
import type { StoreContext } from "../context.ts";
import type { Bucket } from "../types.ts";

/** The bucket's lifecycle rules; null: it has none. */
export function lifecycleRules(
  { settings }: Pick<StoreContext, "settings">,
  { lifecycle }: Pick<Bucket, "lifecycle">,
): LifecycleRules | null {
  // Only PutBucketLifecycleConfiguration writes it.
  return lifecycle && rulesOf(lifecycle as LifecycleConfiguration, settings.lifecycleDaySeconds * 1000);
}

interface Expiring {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly storageClass: string;
  /** null: none. */
  readonly tags: readonly (readonly [key: string, value: string])[] | null;
}

/** When the bucket's lifecycle lets the key's current version expire; null: never. */
export function expiryIn(
  store: Pick<StoreContext, "settings">,
  bucket: Pick<Bucket, "lifecycle">,
  object: Expiring,
): Expiry | null {
  const rules = lifecycleRules(store, bucket);
  const { key, sizeBytes, modifiedMs, storageClass } = object;
  return rules && expiryOf(rules, { key, sizeBytes, modifiedMs, storageClass, tags: object.tags ?? [] });
}

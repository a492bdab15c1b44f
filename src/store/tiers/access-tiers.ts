import { isConfiguredClass, type StoreSettings } from "../settings.ts";

/** Access tiers of INTELLIGENT_TIERING that a bucket may use, the deeper ones last. */
export const ACCESS_TIERS = ["ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"] as const;
export type AccessTier = (typeof ACCESS_TIERS)[number];

/** The classes whose geometry and drives a tier may use; the first configured one is used. */
const CLASSES: Readonly<Record<AccessTier, readonly string[]>> = {
  ARCHIVE_ACCESS: ["GLACIER_IR", "GLACIER"],
  DEEP_ARCHIVE_ACCESS: ["DEEP_ARCHIVE"],
};

/** The class whose layout objects of the tier have; null: none is configured. */
export function classOfTier(settings: Pick<StoreSettings, "storageClasses">, tier: AccessTier): string | null {
  return CLASSES[tier].find((name) => isConfiguredClass(settings, name)) ?? null;
}

/** The class whose layout a version's bytes have: within INTELLIGENT_TIERING, that of its tier. */
export function layoutClass(
  settings: Pick<StoreSettings, "storageClasses">,
  { storageClass, tier }: { storageClass: string; tier: string | null },
): string {
  const known = ACCESS_TIERS.find((name) => name === tier);
  return (known && classOfTier(settings, known)) ?? storageClass;
}

/** The missing configuration for the tier, for an error message. */
export function classesOfTier(tier: AccessTier): string {
  return CLASSES[tier].join(" or ");
}

/** A bucket's Intelligent-Tiering configuration, as it is kept. */
export interface TieringConfiguration {
  id: string;
  isEnabled: boolean;
  filter: { prefix: string | null; tags: readonly (readonly [key: string, value: string])[]; isAnd: boolean } | null;
  /** Days without access after which an object goes to the tier. */
  tierings: readonly { tier: AccessTier; days: number }[];
}

/** A version that may be in a tier. */
export interface TierCandidate {
  key: string;
  sizeBytes: number;
  tags: readonly (readonly [key: string, value: string])[];
  /** Whole days since it was written or last read. */
  idleDays: number;
}

/** Smaller objects stay in the frequent tier, as at AWS. */
const TIERED_BYTES_MIN = 128 * 1024;

/** The deepest tier for a version under the configurations; null: the frequent one. */
export function tierFor(configurations: readonly TieringConfiguration[], candidate: TierCandidate): AccessTier | null {
  if (candidate.sizeBytes < TIERED_BYTES_MIN) return null;
  const matching = configurations.filter((one) => one.isEnabled && matches(one, candidate));
  const reached = matching.flatMap(({ tierings }) =>
    tierings.flatMap(({ tier, days }) => (candidate.idleDays >= days ? [tier] : [])),
  );
  return ACCESS_TIERS.findLast((tier) => reached.includes(tier)) ?? null;
}

function matches({ filter }: TieringConfiguration, { key, tags }: TierCandidate): boolean {
  if (!filter) return true;
  const hasTags = filter.tags.every(([name, value]) => tags.some((tag) => tag[0] === name && tag[1] === value));
  return key.startsWith(filter.prefix ?? "") && hasTags;
}

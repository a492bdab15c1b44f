/** A bucket's lifecycle configuration, in the words of AWS's LifecycleConfiguration. This is also how it is stored. */
export interface LifecycleConfiguration {
  readonly rules: readonly LifecycleRule[];
  /** Objects below which size no rule without a size of its own moves to another class. */
  readonly minimumSize: MinimumSize;
}

/** Values of `x-amz-transition-default-minimum-object-size`. */
export const MINIMUM_SIZES = ["all_storage_classes_128K", "varies_by_storage_class"] as const;
export type MinimumSize = (typeof MINIMUM_SIZES)[number];

export interface LifecycleRule {
  readonly id: string;
  readonly enabled: boolean;
  readonly filter: LifecycleFilter;
  readonly expiration?: Expiration;
  readonly noncurrentExpiration?: NoncurrentExpiration;
  /** Days after which an unfinished multipart upload is aborted. */
  readonly abortDays?: number;
  readonly transitions?: readonly Transition[];
  readonly noncurrentTransitions?: readonly NoncurrentTransition[];
}

export interface LifecycleFilter {
  /** How it was written: the old rule-level Prefix, a Filter with one predicate or none, or a Filter with And. */
  readonly form: "prefix" | "one" | "and";
  readonly prefix?: string;
  readonly tags?: readonly LifecycleTag[];
  /** Bytes: an object of this size is not meant. */
  readonly largerThan?: number;
  /** Bytes: an object of this size is not meant. */
  readonly smallerThan?: number;
}

export type LifecycleTag = readonly [key: string, value: string];

/** When something becomes due: days after a moment, or on a date (milliseconds since 1970). */
export type When = { readonly days: number } | { readonly dateMs: number };

export type Expiration = When | { readonly deleteMarker: boolean };

export interface NoncurrentExpiration {
  readonly days: number;
  /** A version goes only if that many noncurrent ones of its key are newer. */
  readonly newer?: number;
}

export type Transition = When & { readonly storageClass: TransitionClass };

export interface NoncurrentTransition extends NoncurrentExpiration {
  readonly storageClass: TransitionClass;
}

/**
 * Classes that objects may move to, from dear to cheap: a transition goes to the right alone (S3 User Guide, "Transitioning objects
 * using Amazon S3 Lifecycle").
 */
export const TRANSITION_CLASSES = [
  "STANDARD_IA",
  "INTELLIGENT_TIERING",
  "ONEZONE_IA",
  "GLACIER_IR",
  "GLACIER",
  "DEEP_ARCHIVE",
] as const;
export type TransitionClass = (typeof TRANSITION_CLASSES)[number];

/** Place in the order of classes; -1: STANDARD and whatever else objects begin in. */
export function classRank(storageClass: string): number {
  return TRANSITION_CLASSES.indexOf(storageClass as TransitionClass);
}

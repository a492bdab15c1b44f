import { classRank, type LifecycleRule, type NoncurrentTransition, type Transition } from "./configuration.ts";
import { described, invalidArgument, invalidRequest } from "./refused.ts";

/** Classes that take an object only once it is so old, in days. */
const DAYS_BEFORE: Readonly<Record<string, number>> = { STANDARD_IA: 30, ONEZONE_IA: 30 };

/**
 * Checks what the parts of one rule say of each other. `isConfigured`: whether the deployment has the storage class. Throws
 * `LifecycleRefused` InvalidRequest, InvalidArgument.
 */
export function checkRule(rule: LifecycleRule, isConfigured: (storageClass: string) => boolean): void {
  const { filter, expiration, noncurrentExpiration, abortDays, transitions = [], noncurrentTransitions = [] } = rule;
  const hasAction = expiration || noncurrentExpiration || abortDays !== undefined;
  if (!hasAction && transitions.length === 0 && noncurrentTransitions.length === 0) {
    throw invalidRequest("At least one action needs to be specified in a rule");
  }
  const without = (what: string) => {
    if (filter.tags) throw invalidRequest(`${what} cannot be specified with Tags.`);
    if (filter.largerThan !== undefined || filter.smallerThan !== undefined) {
      throw invalidRequest(`${what} cannot be specified with Object Size.`);
    }
  };
  if (abortDays !== undefined) without("AbortIncompleteMultipartUpload");
  if (expiration && "deleteMarker" in expiration) without("ExpiredObjectDeleteMarker");
  const isOld = filter.form === "prefix";
  if (isOld && [noncurrentExpiration, ...noncurrentTransitions].some((action) => action?.newer !== undefined)) {
    throw invalidRequest("NewerNoncurrentVersions element can only be used in Lifecycle V2.");
  }
  checkClasses(rule, isConfigured);
  checkTransitions(rule, transitions);
  checkNoncurrent(rule, noncurrentTransitions);
}

function checkClasses(
  { filter, transitions = [], noncurrentTransitions = [] }: LifecycleRule,
  isConfigured: (name: string) => boolean,
) {
  for (const [action, list] of [
    ["Transition", transitions],
    ["NoncurrentVersionTransition", noncurrentTransitions],
  ] as const) {
    const names = list.map(({ storageClass }) => storageClass);
    if (new Set(names).size < names.length) {
      throw invalidRequest(
        `'StorageClass' must be different for '${action}' actions in same 'Rule' with ${described(filter)}`,
      );
    }
    const unknown = names.find((name) => !isConfigured(name));
    if (unknown !== undefined) {
      throw invalidArgument(
        `'StorageClass' ${unknown} in the '${action}' action is not configured: SHERD_STORAGE_CLASSES has those that are`,
        "StorageClass",
        unknown,
      );
    }
  }
}

function checkTransitions({ filter, expiration }: LifecycleRule, transitions: readonly Transition[]): void {
  const byDays = transitions.filter((transition) => "days" in transition);
  const isMixed = byDays.length > 0 && byDays.length < transitions.length;
  const when = expiration && !("deleteMarker" in expiration) ? expiration : null;
  const differs = when && transitions.length > 0 && "days" in when !== byDays.length > 0;
  if (isMixed || differs) {
    const which = isMixed ? "Transition" : "Expiration and Transition";
    throw invalidRequest(
      `Found mixed 'Date' and 'Days' based ${which} actions in lifecycle rule for ${described(filter)}`,
    );
  }
  for (const { days, storageClass } of byDays) requireAge("Days", "Transition", days, storageClass);
  const unit = byDays.length > 0 ? "Days" : "Date";
  const steps = transitions.map((one) => ({
    at: "days" in one ? one.days : one.dateMs,
    storageClass: one.storageClass,
  }));
  requireOrder(filter, { unit, action: "Transition", steps });
  const latest = steps.reduce<number | null>((most, { at }) => Math.max(most ?? at, at), null);
  if (when && latest !== null && ("days" in when ? when.days : when.dateMs) <= latest) {
    throw invalidArgument(
      `'${unit}' in the Expiration action for ${described(filter)} must be greater than '${unit}' in the Transition action`,
      unit,
      "days" in when ? when.days : new Date(when.dateMs).toISOString(),
    );
  }
}

function checkNoncurrent(rule: LifecycleRule, transitions: readonly NoncurrentTransition[]): void {
  const { filter, noncurrentExpiration } = rule;
  const unit = "NoncurrentDays";
  for (const { days, storageClass } of transitions) {
    requireAge(unit, "NoncurrentVersionTransition", days, storageClass);
  }
  const steps = transitions.map(({ days, storageClass }) => ({ at: days, storageClass }));
  requireOrder(filter, { unit, action: "NoncurrentVersionTransition", steps });
  const latest = Math.max(-1, ...transitions.map(({ days }) => days));
  if (noncurrentExpiration && noncurrentExpiration.days <= latest) {
    throw invalidArgument(
      `'${unit}' in the NoncurrentVersionExpiration action for ${described(filter)} must be greater than '${unit}' in the NoncurrentVersionTransition action`,
      unit,
      noncurrentExpiration.days,
    );
  }
}

function requireAge(unit: string, action: string, days: number, storageClass: string): void {
  const least = DAYS_BEFORE[storageClass] ?? 0;
  if (days < least) {
    throw invalidArgument(
      `'${unit}' in ${action} action must be greater than or equal to ${least} for storageClass '${storageClass}'`,
      unit,
      days,
    );
  }
}

/** Objects go from dear classes to cheap ones: the cheaper a class, the later. */
function requireOrder(
  filter: LifecycleRule["filter"],
  { unit, action, steps }: { unit: string; action: string; steps: readonly { at: number; storageClass: string }[] },
): void {
  const sorted = [...steps].sort((a, b) => classRank(a.storageClass) - classRank(b.storageClass));
  for (const [index, step] of sorted.entries()) {
    const before = sorted[index - 1];
    if (!before || step.at > before.at) continue;
    throw invalidArgument(
      `'${unit}' in the '${action}' action for StorageClass '${step.storageClass}' for ${described(filter)} must be greater than '${unit}' in the '${action}' action for StorageClass '${before.storageClass}'`,
      unit,
      unit === "Date" ? new Date(step.at).toISOString() : step.at,
    );
  }
}

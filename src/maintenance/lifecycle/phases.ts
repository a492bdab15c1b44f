import type { LifecycleRule } from "../../lifecycle/configuration.ts";
import type { LifecycleRules } from "../../lifecycle/decide.ts";
import { outermost } from "../../lifecycle/prefixes.ts";
import type { BucketRow } from "../../metadata/rows.ts";

/** The phases of a walk, in order: current versions, all other versions, unfinished uploads. */
export const PHASES = ["objects", "versions", "uploads"] as const;
export type Phase = (typeof PHASES)[number];

export function phaseAfter(phase: Phase): Phase | null {
  return PHASES[PHASES.indexOf(phase) + 1] ?? null;
}

const CONCERNS: Record<Phase, (rule: LifecycleRule) => boolean> = {
  objects: ({ expiration, transitions }) =>
    transitions !== undefined || (expiration !== undefined && !("deleteMarker" in expiration)),
  versions: ({ expiration, noncurrentExpiration, noncurrentTransitions }) =>
    noncurrentExpiration !== undefined ||
    noncurrentTransitions !== undefined ||
    (expiration !== undefined && ("days" in expiration || ("deleteMarker" in expiration && expiration.deleteMarker))),
  uploads: ({ abortDays }) => abortDays !== undefined,
};

/** The prefixes that a phase must read. Without rules for it, a phase reads no row. */
export function prefixesOf(
  phase: Phase,
  { rules }: LifecycleRules,
  { versioning }: Pick<BucketRow, "versioning">,
): string[] {
  // Then there is nothing in table versions.
  if (phase === "versions" && versioning === null) return [];
  return outermost(rules.filter(CONCERNS[phase]).map(({ filter }) => filter.prefix ?? ""));
}

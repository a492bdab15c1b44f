import { toldDate } from "../../lifecycle/days.ts";
import type { LifecycleRules } from "../../lifecycle/decide.ts";
import type { InventoriedVersion, InventoryPlace } from "../../metadata/inventory/inventory.ts";
import { VersionSubject } from "../lifecycle/page.ts";

/** A version, and how many newer versions of its key are noncurrent, including delete markers. */
export interface RankedVersion extends InventoriedVersion {
  newer: number;
}

/** Position in a table, and how many noncurrent versions of that key were read. */
export interface RankedPlace extends InventoryPlace {
  newer: number;
}

/** The versions of a page that follows `after`, and the place where it ends. */
export function ranked(
  page: readonly InventoriedVersion[],
  after: RankedPlace | null,
): { versions: RankedVersion[]; end: RankedPlace | null } {
  let end = after;
  const versions = page.map((version) => {
    const { key, seq, isLatest } = version;
    const newer = end?.key === key ? end.newer : 0;
    end = { key, seq, newer: isLatest ? 0 : newer + 1 };
    return { ...version, newer };
  });
  return { versions, end };
}

/**
 * When the bucket's rules expire a version that is no delete marker, so that it becomes noncurrent
 * or is removed; null: never.
 */
export function expirationOf(version: RankedVersion, rules: LifecycleRules): Date | null {
  const subject = new VersionSubject(version, version);
  const due = version.isLatest ? rules.expiration(subject) : rules.noncurrentExpiration(subject);
  return due && toldDate(due.atMs);
}

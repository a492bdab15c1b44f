import type { LifecycleRules, NoncurrentSubject, Subject } from "../../lifecycle/decide.ts";
import type { ExpiredVersion } from "../../metadata/lifecycle/expiring.ts";
import { type LifecycleVersion, type OtherVersion, tagsOf } from "../../metadata/lifecycle/scanning.ts";

/** The facts about a version that rules use. Its tags are parsed when a rule needs them. */
export class VersionSubject implements NoncurrentSubject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly storageClass: string;
  readonly modifiedMs: number;
  readonly noncurrentMs: number;
  readonly newer: number;
  readonly #version: LifecycleVersion;
  #tags: Subject["tags"] | null = null;

  constructor(version: LifecycleVersion, { noncurrentMs = 0, newer = 0 } = {}) {
    this.key = version.key;
    this.sizeBytes = version.sizeBytes;
    this.storageClass = version.storageClass;
    this.modifiedMs = version.modifiedMs;
    this.noncurrentMs = noncurrentMs;
    this.newer = newer;
    this.#version = version;
  }

  get tags(): Subject["tags"] {
    this.#tags ??= tagsOf(this.#version);
    return this.#tags;
  }
}

/** Position of a walk in the versions of one key. */
export interface KeyProgress {
  readonly key: string;
  /** The last version that was read. */
  readonly seq: number;
  /** Noncurrent versions among those that were read. */
  readonly newer: number;
  /** When the last version that was read was written. */
  readonly aboveMs: number;
  /** Whether the key's newest version is a delete marker. */
  readonly hidden: boolean;
}

/** Role of a version in table versions within its key. */
export type Standing =
  | { kind: "current-marker"; isAlone: boolean; subject: Subject }
  | { kind: "noncurrent"; subject: NoncurrentSubject; hidden: boolean };

/**
 * The role of each row of a page within its key; the newest of a key come first. `before`: position
 * in the key at the end of the previous page. `isLast`: there is no later page. A delete marker at
 * the end of a page is left to the next one, which knows whether something follows it.
 */
export function standings(
  page: readonly OtherVersion[],
  before: KeyProgress | null,
  isLast: boolean,
): { found: { version: OtherVersion; standing: Standing }[]; progress: KeyProgress | null } {
  const found: { version: OtherVersion; standing: Standing }[] = [];
  let progress = before;
  for (const [index, version] of page.entries()) {
    const { key, seq, isMarker, currentMs, modifiedMs } = version;
    const isNewest = progress?.key !== key;
    const follower = page[index + 1];
    if (isNewest && isMarker && currentMs === null) {
      if (!follower && !isLast && index > 0) break;
      const isAlone = follower?.key !== key;
      found.push({ version, standing: { kind: "current-marker", isAlone, subject: new VersionSubject(version) } });
      progress = { key, seq, newer: 0, aboveMs: modifiedMs, hidden: true };
      continue;
    }
    const above: KeyProgress =
      isNewest || progress === null
        ? { key, seq, newer: 0, aboveMs: currentMs ?? version.noncurrentMs, hidden: false }
        : progress;
    // The row of a delete marker does not say when it was followed by another version.
    const noncurrentMs = isMarker ? Math.max(version.noncurrentMs, above.aboveMs) : version.noncurrentMs;
    const subject = new VersionSubject(version, { noncurrentMs, newer: above.newer });
    found.push({ version, standing: { kind: "noncurrent", subject, hidden: above.hidden } });
    progress = { ...above, seq, newer: above.newer + 1, aboveMs: modifiedMs };
  }
  return { found, progress };
}

/**
 * Noncurrent versions that are due, by how many others of their key must be newer in table versions
 * when they are removed.
 */
export function dueVersions(
  found: readonly { version: OtherVersion; standing: Standing }[],
  rules: LifecycleRules,
  nowMs: number,
): { noncurrent: Map<number, ExpiredVersion[]>; loneMarkers: ExpiredVersion[] } {
  const noncurrent = new Map<number, ExpiredVersion[]>();
  const loneMarkers: ExpiredVersion[] = [];
  for (const { version, standing } of found) {
    if (standing.kind === "current-marker") {
      const due = standing.isAlone ? rules.loneMarker(standing.subject) : null;
      if (due && due.atMs <= nowMs) loneMarkers.push({ ...version, tagsText: null });
      continue;
    }
    const due = rules.noncurrentExpiration(standing.subject);
    if (!due || due.atMs > nowMs) continue;
    const { newer = 0 } = due.rule.noncurrentExpiration ?? {};
    const inTable = newer === 0 ? 0 : newer + (standing.hidden ? 1 : 0);
    const tagsText = due.rule.filter.tags ? version.tagsText : null;
    const list = noncurrent.get(inTable) ?? [];
    noncurrent.set(inTable, list);
    list.push({ ...version, tagsText });
  }
  return { noncurrent, loneMarkers };
}

import {
  classRank,
  type LifecycleConfiguration,
  type LifecycleRule,
  type TransitionClass,
  type When,
} from "./configuration.ts";
import { dueAfter, dueOf } from "./days.ts";

/** What rules look at. Delete markers have no bytes and no tags. */
export interface Subject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly tags: readonly (readonly [key: string, value: string])[];
  readonly storageClass: string;
  /** When it was written. */
  readonly modifiedMs: number;
}

/** A version that is not what its key names. */
export interface NoncurrentSubject extends Subject {
  readonly noncurrentMs: number;
  /** Noncurrent versions of the key that are newer, delete markers among them. */
  readonly newer: number;
}

/** What a rule does to something, and when that is due. */
export interface Due {
  readonly atMs: number;
  readonly rule: LifecycleRule;
}

export interface DueTransition extends Due {
  readonly storageClass: TransitionClass;
}

/** Below this no class but the archives takes objects by default. */
const MINIMUM_SIZE_BYTES = 128 * 1024;

/**
 * The rules of one configuration, ready to decide. Of several expirations the earliest counts, of several transitions that are due
 * the one to the cheapest class (S3 User Guide, "Examples of overlapping filters and conflicting lifecycle actions"); of equal ones the
 * first in the document. Rules that are disabled are not here.
 */
export class LifecycleRules {
  readonly rules: readonly LifecycleRule[];
  readonly minimumSize: LifecycleConfiguration["minimumSize"];
  readonly dayMs: number;
  readonly #byDate: readonly number[];

  constructor({ rules, minimumSize }: LifecycleConfiguration, dayMs: number) {
    this.rules = rules.filter(({ enabled }) => enabled);
    this.minimumSize = minimumSize;
    this.dayMs = dayMs;
    this.#byDate = this.rules
      .flatMap(({ expiration, transitions = [] }) => [expiration, ...transitions])
      .flatMap((when) => (when && "dateMs" in when ? [when.dateMs] : []));
  }

  /** The first date after `ms` that a rule names; null: there is none. */
  nextDate(ms: number): number | null {
    const later = this.#byDate.filter((date) => date > ms);
    return later.length === 0 ? null : Math.min(...later);
  }

  /** When what a key names now expires. Null: no rule says so. */
  expiration(subject: Subject): Due | null {
    return earliest(this.rules, (rule) => {
      const when = whenOf(rule);
      return when && matches(rule, subject) ? dueOf(when, subject.modifiedMs, this.dayMs) : null;
    });
  }

  /** The transition of what a key names now that counts at `nowMs`; null: none is due. */
  transition(subject: Subject, nowMs: number): DueTransition | null {
    const due = this.rules.flatMap((rule) =>
      matches(rule, subject)
        ? (rule.transitions ?? []).map((to) => ({
            rule,
            storageClass: to.storageClass,
            atMs: dueOf(to, subject.modifiedMs, this.dayMs),
          }))
        : [],
    );
    return this.#cheapest(due, subject, nowMs);
  }

  /** When a noncurrent version is to be removed; null: no rule says so, or too few are newer. */
  noncurrentExpiration(subject: NoncurrentSubject): Due | null {
    return earliest(this.rules, (rule) => {
      const { noncurrentExpiration: expiration } = rule;
      if (!expiration || subject.newer < (expiration.newer ?? 0) || !matches(rule, subject)) return null;
      return dueAfter(subject.noncurrentMs, expiration.days, this.dayMs);
    });
  }

  noncurrentTransition(subject: NoncurrentSubject, nowMs: number): DueTransition | null {
    const due = this.rules.flatMap((rule) =>
      matches(rule, subject)
        ? (rule.noncurrentTransitions ?? [])
            .filter(({ newer = 0 }) => subject.newer >= newer)
            .map(({ days, storageClass }) => ({
              rule,
              storageClass,
              atMs: dueAfter(subject.noncurrentMs, days, this.dayMs),
            }))
        : [],
    );
    return this.#cheapest(due, subject, nowMs);
  }

  /**
   * When a delete marker that is all that is left of its key is to be removed: at once by ExpiredObjectDeleteMarker, or when it is as old
   * as the Days of an expiration.
   */
  loneMarker(subject: Subject): Due | null {
    return earliest(this.rules, (rule) => {
      const { expiration } = rule;
      if (!expiration || !matches(rule, subject)) return null;
      if ("deleteMarker" in expiration) return expiration.deleteMarker ? subject.modifiedMs : null;
      return "days" in expiration ? dueAfter(subject.modifiedMs, expiration.days, this.dayMs) : null;
    });
  }

  /** When an unfinished upload is aborted. */
  abort(upload: { key: string; initiatedMs: number }): Due | null {
    return earliest(this.rules, (rule) =>
      rule.abortDays !== undefined && upload.key.startsWith(rule.filter.prefix ?? "")
        ? dueAfter(upload.initiatedMs, rule.abortDays, this.dayMs)
        : null,
    );
  }

  #cheapest(due: readonly DueTransition[], subject: Subject, nowMs: number): DueTransition | null {
    const from = classRank(subject.storageClass);
    let best: DueTransition | null = null;
    for (const one of due) {
      const rank = classRank(one.storageClass);
      if (one.atMs > nowMs || rank <= from || this.#isTooSmall(one, subject)) continue;
      if (best === null || rank > classRank(best.storageClass)) best = one;
    }
    return best;
  }

  /** S3 User Guide, "Constraints and considerations for transitions": a size in the rule's own filter counts instead. */
  #isTooSmall({ rule, storageClass }: DueTransition, { sizeBytes }: Subject): boolean {
    if (sizeBytes >= MINIMUM_SIZE_BYTES) return false;
    const { largerThan, smallerThan } = rule.filter;
    if (largerThan !== undefined || smallerThan !== undefined) return false;
    const isArchive = storageClass === "GLACIER" || storageClass === "DEEP_ARCHIVE";
    return this.minimumSize === "all_storage_classes_128K" || !isArchive;
  }
}

function whenOf({ expiration }: LifecycleRule): When | null {
  return expiration && !("deleteMarker" in expiration) ? expiration : null;
}

function earliest(rules: readonly LifecycleRule[], dueIn: (rule: LifecycleRule) => number | null): Due | null {
  let first: Due | null = null;
  for (const rule of rules) {
    const atMs = dueIn(rule);
    if (atMs !== null && (first === null || atMs < first.atMs)) first = { atMs, rule };
  }
  return first;
}

/** Whether a rule is about an object or version: all that its filter says must hold. */
function matches({ filter }: LifecycleRule, subject: Pick<Subject, "key" | "sizeBytes" | "tags">): boolean {
  const { prefix = "", tags = [], largerThan, smallerThan } = filter;
  return (
    subject.key.startsWith(prefix) &&
    (largerThan === undefined || subject.sizeBytes > largerThan) &&
    (smallerThan === undefined || subject.sizeBytes < smallerThan) &&
    tags.every(([key, value]) => subject.tags.some((tag) => tag[0] === key && tag[1] === value))
  );
}

const compiled = new WeakMap<object, LifecycleRules>();

/**
 * The rules of a configuration as a bucket's row has it. The same object gives the same rules: an isolate keeps the object for as long
 * as it remembers the bucket's settings.
 */
export function rulesOf(configuration: LifecycleConfiguration, dayMs: number): LifecycleRules {
  const known = compiled.get(configuration);
  if (known?.dayMs === dayMs) return known;
  const rules = new LifecycleRules(configuration, dayMs);
  compiled.set(configuration, rules);
  return rules;
}

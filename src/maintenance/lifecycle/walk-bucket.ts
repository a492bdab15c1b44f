import type { LifecycleConfiguration } from "../../lifecycle/configuration.ts";
import { type LifecycleRules, rulesOf } from "../../lifecycle/decide.ts";
import type { ExpiredObject } from "../../metadata/lifecycle/expiring.ts";
import type { DueWalk } from "../../metadata/lifecycle/lifecycles.ts";
import type { StoreContext } from "../../store/context.ts";
import { newsOf } from "../../store/news.ts";
import { newId } from "../../store/placement/ids.ts";
import { inBatches } from "./batches.ts";
import { dueVersions, type KeyProgress, standings, VersionSubject } from "./page.ts";
import { type Phase, phaseAfter, prefixesOf } from "./phases.ts";
import type { Transition } from "./transition.ts";

const ROWS_PER_PAGE = 1_000;

/** Results of a walk, for the job's report and the bucket's row. */
export type WalkReport = Record<
  | "scanned"
  | "expiredObjects"
  | "deleteMarkers"
  | "removedVersions"
  | "removedMarkers"
  | "abortedUploads"
  | "transitions",
  number
>;

export const NOTHING_DONE: Readonly<WalkReport> = {
  scanned: 0,
  expiredObjects: 0,
  deleteMarkers: 0,
  removedVersions: 0,
  removedMarkers: 0,
  abortedUploads: 0,
  transitions: 0,
};

/** Progress of a walk over a bucket; JSON. */
export interface WalkState {
  readonly beganMs: number;
  phase: Phase;
  /** Index of the present prefix of the phase. */
  range: number;
  after: string | null;
  /** Of `after`: the upload, or facts about the key's versions. */
  afterId: string;
  progress: KeyProgress | null;
  report: WalkReport;
}

function beginWalk(nowMs: number): WalkState {
  const start = { phase: "objects", range: 0, after: null, afterId: "", progress: null } as const;
  return { beganMs: nowMs, ...start, report: { ...NOTHING_DONE } };
}

export interface WalkOptions {
  /** The time for all decisions. */
  nowMs: number;
  transition: Transition;
  isSpent(): boolean;
}

/**
 * One walk over a bucket: current versions, then all other versions, then unfinished uploads. Each
 * row is read once, and only those with prefixes of rules. Due items go some hundreds at a time,
 * each batch guarded by the configuration and by the state of each row. After a crash it continues
 * from the last saved state, and repeats only steps that may be repeated.
 */
export class BucketWalk {
  readonly #store: StoreContext;
  readonly #walk: DueWalk;
  readonly #rules: LifecycleRules;
  readonly #options: WalkOptions;
  readonly state: WalkState;
  /**
   * Moves that began in this page, and whether time was over before all of them were done: the page
   * is then read again.
   */
  #begun = 0;
  #isCut = false;

  constructor(store: StoreContext, walk: DueWalk, options: WalkOptions) {
    this.#store = store;
    this.#walk = walk;
    this.#options = options;
    const dayMs = store.settings.lifecycleDaySeconds * 1000;
    this.#rules = rulesOf(walk.configuration as LifecycleConfiguration, dayMs);
    this.state = (walk.walk as WalkState | null) ?? beginWalk(options.nowMs);
  }

  get rules(): LifecycleRules {
    return this.#rules;
  }

  /**
   * Processes the next page. True: there is more. Throws `GuardError` bucket_changed if the
   * configuration or the bucket has changed.
   */
  async step(): Promise<boolean> {
    const { state } = this;
    const prefixes = prefixesOf(state.phase, this.#rules, this.#walk.bucket);
    const prefix = prefixes[state.range];
    if (prefix === undefined) return this.#nextPhase();
    this.#begun = 0;
    this.#isCut = false;
    const isLast = await this.#page(prefix);
    if (isLast) Object.assign(state, { range: state.range + 1, after: null, afterId: "", progress: null });
    return true;
  }

  #nextPhase(): boolean {
    const phase = phaseAfter(this.state.phase);
    if (phase === null) return false;
    Object.assign(this.state, { phase, range: 0, after: null, afterId: "", progress: null });
    return true;
  }

  async #page(prefix: string): Promise<boolean> {
    switch (this.state.phase) {
      case "objects":
        return this.#objects(prefix);
      case "versions":
        return this.#versions(prefix);
      case "uploads":
        return this.#uploads(prefix);
    }
  }

  async #objects(prefix: string): Promise<boolean> {
    const { state } = this;
    const { nowMs } = this.#options;
    const range = { bucketId: this.#walk.bucket.id, prefix, after: state.after };
    const page = await this.#store.metadata.lifecycleScans.objects(range, ROWS_PER_PAGE);
    const expired: ExpiredObject[] = [];
    for (const version of page) {
      const subject = new VersionSubject(version);
      const due = this.#rules.expiration(subject);
      const goes = due !== null && due.atMs <= nowMs;
      // Permanent deletion comes before a transition, and a transition before a delete marker.
      if (!goes || this.#walk.bucket.versioning !== null) {
        const to = this.#rules.transition(subject, nowMs);
        if (to) await this.#move("objects", version, to.storageClass);
      }
      if (!goes) continue;
      const tagsText = due.rule.filter.tags ? version.tagsText : null;
      expired.push({ key: version.key, id: version.id, tagsText, markerId: newId(this.#store) });
    }
    await this.#expireObjects(expired);
    return this.#isCut ? false : this.#passed(page);
  }

  async #expireObjects(expired: readonly ExpiredObject[]): Promise<void> {
    const hasVersions = this.#walk.bucket.versioning !== null;
    const event = hasVersions ? "LifecycleExpiration:DeleteMarkerCreated" : "LifecycleExpiration:Delete";
    const { nowMs } = this.#options;
    for (const some of inBatches(expired)) {
      const options = { nowMs, news: newsOf(this.#store, event) };
      const gone = await this.#paced(() => this.#store.metadata.lifecycleRemovals.objects(this.#walk, some, options));
      this.state.report[hasVersions ? "deleteMarkers" : "expiredObjects"] += gone.length;
    }
  }

  async #versions(prefix: string): Promise<boolean> {
    const { state } = this;
    const { nowMs } = this.#options;
    const { metadata } = this.#store;
    const belowSeq = state.progress?.key === state.after ? (state.progress?.seq ?? null) : null;
    const range = { bucketId: this.#walk.bucket.id, prefix, after: state.after, belowSeq };
    const page = await metadata.lifecycleScans.versions(range, ROWS_PER_PAGE);
    const isLast = page.length < ROWS_PER_PAGE;
    const { found, progress } = standings(page, state.progress, isLast);
    const { noncurrent, loneMarkers } = dueVersions(found, this.#rules, nowMs);
    const options = { nowMs, news: newsOf(this.#store, "LifecycleExpiration:Delete") };
    for (const [newer, list] of [...noncurrent].sort(([a], [b]) => a - b)) {
      for (const some of inBatches(list)) {
        const removed = await this.#paced(() =>
          metadata.lifecycleRemovals.versions(this.#walk, some, { ...options, newer }),
        );
        state.report.removedVersions += removed;
      }
    }
    for (const some of inBatches(loneMarkers)) {
      state.report.removedMarkers += await this.#paced(() =>
        metadata.lifecycleRemovals.loneMarkers(this.#walk, some, options),
      );
    }
    await this.#moveNoncurrent(found, nowMs);
    if (this.#isCut) return false;
    state.report.scanned += found.length;
    state.progress = progress;
    state.after = progress?.key ?? state.after;
    return isLast;
  }

  async #moveNoncurrent(found: ReturnType<typeof standings>["found"], nowMs: number): Promise<void> {
    for (const { version, standing } of found) {
      if (standing.kind !== "noncurrent" || version.isMarker) continue;
      const due = this.#rules.noncurrentExpiration(standing.subject);
      if (due && due.atMs <= nowMs) continue;
      const to = this.#rules.noncurrentTransition(standing.subject, nowMs);
      if (to) await this.#move("versions", version, to.storageClass);
    }
  }

  async #uploads(prefix: string): Promise<boolean> {
    const { state } = this;
    const { nowMs } = this.#options;
    const { lifecycleScans, lifecycleRemovals } = this.#store.metadata;
    const range = { bucketId: this.#walk.bucket.id, prefix, after: state.after, afterId: state.afterId };
    const page = await lifecycleScans.uploads(range, ROWS_PER_PAGE);
    const due = page.filter((upload) => (this.#rules.abort(upload)?.atMs ?? Number.POSITIVE_INFINITY) <= nowMs);
    for (const some of inBatches(due)) {
      state.report.abortedUploads += await this.#paced(() => lifecycleRemovals.uploads(this.#walk, some, nowMs));
    }
    state.afterId = page.at(-1)?.id ?? state.afterId;
    return this.#passed(page);
  }

  /** A removal, and on a machine of our own a pause as long as it took: others write to the same database. */
  async #paced<Result>(removal: () => Promise<Result>): Promise<Result> {
    const { clock, host } = this.#store;
    const beganMs = clock.now();
    const result = await removal();
    if (host) await clock.sleep(Math.max(1, clock.now() - beganMs));
    return result;
  }

  #passed(page: readonly { key: string }[]): boolean {
    this.state.report.scanned += page.length;
    this.state.after = page.at(-1)?.key ?? this.state.after;
    return page.length < ROWS_PER_PAGE;
  }

  async #move(
    table: "objects" | "versions",
    { key, seq, id, storageClass }: { key: string; seq: number; id: string; storageClass: string },
    to: string,
  ): Promise<void> {
    const { transition, isSpent } = this.#options;
    if (this.#begun > 0 && isSpent()) {
      this.#isCut = true;
      return;
    }
    this.#begun += 1;
    const task = { table, place: { bucketId: this.#walk.bucket.id, key, seq }, id, storageClass, to };
    const moved = await transition.move(this.#store, task, isSpent);
    if (moved === "moved") this.state.report.transitions += 1;
    if (moved === "in-part") this.#isCut = true;
  }
}

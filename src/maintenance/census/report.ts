import type { DriveState } from "../../drives/drive-state.ts";
import type { Backlog } from "../../metadata/blobs/census.ts";
import type { LossCause } from "../../metadata/drives/losses.ts";
import type { LifecycleBacklog } from "../../metadata/lifecycle/lifecycles.ts";
import type { Space } from "../../store/space.ts";
import type { LifecycleCursor } from "../lifecycle/lifecycle.ts";
import type { GatheredJob } from "../run/gather.ts";
import type { SnapshotCursor } from "../snapshots/snapshot.ts";
import type { SnapshotSummary } from "../snapshots/snapshot-format.ts";
import type { Totals } from "./census.ts";

/**
 * `green`: nothing is wrong. `yellow`: something needs time or action. `red`: bytes are lost or
 * cannot be read, or soon may be.
 */
export type Light = "green" | "yellow" | "red";

/** One reason why the report is not green. */
export interface Trouble {
  light: "yellow" | "red";
  /** The problem and its remedy. */
  sentence: string;
}

/** Shards that a drive was found to lack all at once. */
export interface DriveLossHealth {
  cause: LossCause;
  noticedMs: number;
  /** Whether all shards that it may lack are in the healer's queue. */
  isQueued: boolean;
  notedShards: number;
}

export interface DriveHealth {
  name: string;
  domain: string;
  class: string;
  /** According to a check of it for this report. */
  state: DriveState;
  /** The problem and its remedy; null: none. */
  sentence: string | null;
  /** When the background jobs last identified it; null: never. */
  seenMs: number | null;
  /** How often its marker was renewed; null before it has one. */
  generation: number | null;
  reachable: boolean;
  latencyMs: number;
  /** Why it is not reachable. */
  error: string | null;
  shards: number;
  bytes: number;
  /** Losses that are not healed yet, the oldest first. */
  losses: DriveLossHealth[];
  /** Space on its disk; null if that is not measured. */
  space: Space | null;
}

export interface JobHealth {
  name: string;
  finishedMs: number | null;
  failedMs: number | null;
  failure: string | null;
  report: Readonly<Record<string, number>> | null;
  stuck: boolean;
}

/** A check that must be recent for the report to be green. */
export interface Evidence {
  what: "identity of drives" | "census" | "scrub" | "jobs";
  /** When it was last completed; null: never. */
  atMs: number | null;
  /** It does not count if it is older than this. */
  ageSecondsMax: number;
}

export interface DurabilityReport {
  /**
   * Every drive is the right one and was seen recently, every blob is at full redundancy, and every
   * job works.
   */
  green: boolean;
  light: Light;
  /** One line that says so, or names the problem. */
  headline: string;
  /** All problems, worst first. */
  troubles: Trouble[];
  atMs: number;
  /** The basis of the light, and its age. */
  evidence: Evidence[];
  /** Size reported by D1. */
  databases: { name: string; sizeBytes: number }[];
  /** Space on the disk of the metadata; null if that is not measured. */
  metadataSpace: Space | null;
  drives: DriveHealth[];
  /** From the last complete walk over all blobs; null before the first. */
  census: { atMs: number; totals: Totals } | null;
  backlog: Backlog;
  jobs: JobHealth[];
  /**
   * Buckets with a lifecycle, those whose walk is due, and since when the oldest is due; and until
   * when nothing is removed because the clock jumped.
   */
  lifecycle: LifecycleBacklog & { heldUntilMs: number | null };
  /** Snapshots of the metadata on the drives, the oldest first. */
  snapshots: ({ database: string } & SnapshotSummary)[];
}

/** Until when lifecycle removes nothing, because the clock jumped; null: it is not held. */
export function heldUntilMs(jobs: readonly GatheredJob[]): number | null {
  const holds = jobs.flatMap(({ name, cursor }) =>
    name === "lifecycle" ? ((cursor as LifecycleCursor | null)?.clock.hold?.untilMs ?? []) : [],
  );
  return holds.length === 0 ? null : Math.max(...holds);
}

export function snapshotsOf({ name, cursor, database }: GatheredJob): DurabilityReport["snapshots"] {
  const kept = name === "snapshot" ? ((cursor as SnapshotCursor | null)?.kept ?? []) : [];
  return kept.map((summary) => ({ database, ...summary }));
}

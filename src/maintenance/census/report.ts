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

/** `green`: nothing is wrong. `yellow`: something must be waited for, or done. `red`: bytes are lost or cannot be read, or soon may be. */
export type Light = "green" | "yellow" | "red";

/** One thing that keeps the report from being green. */
export interface Trouble {
  light: "yellow" | "red";
  /** What is wrong, and what to do. */
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
  /** By a look at it for this report. */
  state: DriveState;
  /** What is wrong with it and what to do; null: nothing. */
  sentence: string | null;
  /** When the background jobs saw its identity last; null: never. */
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
  /** Room on the disk that it lies on; null where that is not measured. */
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

/** One thing that must have been looked at lately for the report to be green. */
export interface Evidence {
  what: "identity of drives" | "census" | "scrub" | "jobs";
  /** When it was looked at last, all of it; null: never. */
  atMs: number | null;
  /** It says nothing any more when it is older than this. */
  ageSecondsMax: number;
}

export interface DurabilityReport {
  /** Every drive is the right one and was seen lately, every blob is at full redundancy, and every job works. */
  green: boolean;
  light: Light;
  /** One line that says so, or what is wrong. */
  headline: string;
  /** All that is wrong, worst first. */
  troubles: Trouble[];
  atMs: number;
  /** On what the light rests, and how old that is. */
  evidence: Evidence[];
  /** As large as D1 says. */
  databases: { name: string; sizeBytes: number }[];
  /** Room on the disk of the metadata; null where that is not measured. */
  metadataSpace: Space | null;
  drives: DriveHealth[];
  /** From the last complete walk over all blobs; null before the first. */
  census: { atMs: number; totals: Totals } | null;
  backlog: Backlog;
  jobs: JobHealth[];
  /** Buckets with a lifecycle, those whose walk is due, since when the oldest is; and until when nothing is removed because the clock jumped. */
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

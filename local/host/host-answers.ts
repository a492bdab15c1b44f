import { readFileSync } from "node:fs";
import type { Metric, Sample } from "../../src/base/prometheus.ts";
import type { DiskWatch } from "./disk-watch.ts";
import type { HostAnswer } from "./host-service.ts";
import type { MergedCounts } from "./merged-counts.ts";

/** Facts about a running server besides its disks. */
export interface RunningFacts {
  /** Null until the processes run. */
  counts: MergedCounts | null;
  /** Process ids by the name of the process; "launcher" is this one. */
  pids: ReadonlyMap<string, number>;
  /** Number of restarts, by name. */
  restarts: ReadonlyMap<string, number>;
  startedMs: number;
  /** Starts the process of the background jobs unless it runs; null if there is none. */
  startJobs: (() => void) | null;
  /** Whether that process is running. */
  isJobsRunning: () => boolean;
}

/** Answers the Workers' questions: `/state` is a `HostState`, `/metrics` a list of `Metric`s, `/errors` of `RecentError`s; `/jobs` starts the jobs' process. */
export function hostAnswers(watch: DiskWatch, running: () => RunningFacts): HostAnswer {
  return async (path) => {
    const { counts, startJobs, isJobsRunning } = running();
    switch (path) {
      case "/state":
        return {
          ...watch.state(Date.now()),
          hasJobsProcess: startJobs !== null,
          isJobsProcessRunning: isJobsRunning(),
        };
      case "/jobs":
        startJobs?.();
        return {};
      case "/metrics":
        await counts?.refresh();
        return [...(counts?.metrics() ?? []), ...processMetrics(running()), ...diskMetrics(watch)];
      case "/errors":
        return (await counts?.errors()) ?? [];
      default:
        return undefined;
    }
  };
}

function processMetrics({ pids, restarts, startedMs }: RunningFacts): Metric[] {
  const memory = [...pids].flatMap(([process, pid]): Sample[] => {
    const bytes = residentBytes(pid);
    return bytes === null ? [] : [{ labels: { process }, value: bytes }];
  });
  const again = [...restarts].map(([process, value]): Sample => ({ labels: { process }, value }));
  return [
    gauge("sherd_process_resident_memory_bytes", "Memory of each process.", memory),
    { ...gauge("sherd_process_restarts_total", "How often each process was started anew.", again), type: "counter" },
    gauge("sherd_start_time_seconds", "When the server was started.", [{ value: startedMs / 1000 }]),
  ];
}

function diskMetrics(watch: DiskWatch): Metric[] {
  const { drives, metadata, reserveBytes } = watch.state(0);
  const each = (value: (drive: (typeof drives)[string]) => number | null) =>
    Object.entries(drives).flatMap(([drive, facts]): Sample[] => {
      const known = value(facts);
      return known === null ? [] : [{ labels: { drive }, value: known }];
    });
  const one = (value: number | null): Sample[] => (value === null ? [] : [{ value }]);
  return [
    gauge(
      "sherd_drive_free_bytes",
      "Bytes that can still be written to the disk of each local drive.",
      each((drive) => drive.freeBytes),
    ),
    gauge(
      "sherd_drive_size_bytes",
      "Size of the disk of each local drive.",
      each((drive) => drive.totalBytes),
    ),
    gauge(
      "sherd_drive_folder_usable",
      "1 where the folder of a local drive can be read and written.",
      each(({ trouble }) => (trouble === null ? 1 : 0)),
    ),
    gauge(
      "sherd_metadata_free_bytes",
      "Bytes that can still be written to the disk of the metadata.",
      one(metadata.freeBytes),
    ),
    gauge("sherd_metadata_disk_size_bytes", "Size of the disk of the metadata.", one(metadata.totalBytes)),
    gauge("sherd_disk_reserve_bytes", "Free bytes below which nothing new is written to a disk.", [
      { value: reserveBytes },
    ]),
  ];
}

function gauge(name: string, help: string, samples: Sample[]): Metric {
  return { name, help, type: "gauge", samples };
}

/** Null if the system does not say. */
function residentBytes(pid: number): number | null {
  try {
    const found = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return found ? Number(found[1]) * 1024 : null;
  } catch {
    return null;
  }
}

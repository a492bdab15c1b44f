import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createCountsHandler } from "../../src/admin/counts.ts";
import { openSealer } from "../../src/auth/keys/open-keys.ts";
import { systemClock } from "../../src/base/clock.ts";
import type { DriveCounts } from "../../src/drives/counted.ts";
import { ErasureEngine } from "../../src/erasure/engine.ts";
import { openServiceKeys } from "../../src/keyring/open-service-keys.ts";
import { JOBS, runJobs } from "../../src/maintenance/run/run-jobs.ts";
import { logReports } from "../../src/maintenance/run/run-scheduled.ts";
import { CostMeter } from "../../src/metadata/database.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { CountsAnswer } from "../host/merged-counts.ts";
import { FileDrive } from "./file-drive.ts";
import type { JobsConfiguration } from "./messages.ts";
import { SocketD1 } from "./socket-d1.ts";
import { socketFetcher } from "./socket-fetch.ts";

/** Interval of reports during a run. */
const COUNTS_MS = 5_000;

interface Work {
  configuration: JobsConfiguration;
  /** Ends the present run soon. */
  signal: AbortSignal;
  tellCounts(counts: CountsAnswer): Promise<void>;
}

/**
 * Runs the background jobs until none has work left, or `signal` aborts. Rejects with the error of
 * a job.
 */
export async function work({ configuration, signal, tellCounts }: Work): Promise<void> {
  const counts = new Map<string, DriveCounts>();
  const cost = new CostMeter();
  const handler = createCountsHandler({ drives: counts, cost, requests: () => [] });
  const tell = async () => tellCounts((await handler.fetch().json()) as CountsAnswer);
  const store = await openJobsStore(configuration, { counts, cost });
  const timer = setInterval(() => void tell(), COUNTS_MS);
  try {
    for (;;) {
      const reports = await runJobs(store, JOBS, { isAlone: true, signal });
      logReports(reports, { info: (line) => console.log(line) });
      if (signal.aborted || !reports.isUnfinished) return;
    }
  } finally {
    clearInterval(timer);
    await tell();
  }
}

/** The Worker's store, over the same metadata and folders, without workerd in between. */
async function openJobsStore(
  { vars, drivePaths, metadataSocket, hostSocket, kernelPath }: JobsConfiguration,
  { counts, cost }: { counts: Map<string, DriveCounts>; cost: CostMeter },
): Promise<StoreContext> {
  // The types are those of Workers, which compile nothing.
  const Module = WebAssembly.Module as unknown as new (bytes: Uint8Array) => WebAssembly.Module;
  const kernel = new Module(await readFile(kernelPath));
  const { openDisk, bindings } = disks(drivePaths);
  const DB = new SocketD1(socketFetcher(metadataSocket));
  const env = { ...bindings, ...vars, DB, HOST: socketFetcher(hostSocket) };
  const random = (count: number) => new Uint8Array(randomBytes(count));
  return openStore(env, {
    ...{ clock: systemClock, random, fetch, counts, openDisk, keySealer: openSealer(vars, random) },
    openServiceKeys: openServiceKeys(vars, { clock: systemClock, random, fetch }),
    engine: await ErasureEngine.create(kernel),
    observe: cost.observe,
    tell: (line) => console.error(line),
  });
}

function disks(drivePaths: Readonly<Record<string, string>>) {
  const notHere = () => {
    throw new Error("this process reaches drives by their folders");
  };
  const bindings = Object.fromEntries(Object.keys(drivePaths).map((name) => [name, { fetch: notHere }]));
  const openDisk: NonNullable<Parameters<typeof openStore>[1]["openDisk"]> = (spec) => {
    const path = drivePaths[spec.binding];
    if (path === undefined) throw new Error(`drive ${spec.name} has no folder`);
    return new FileDrive(spec, path);
  };
  return { bindings, openDisk };
}

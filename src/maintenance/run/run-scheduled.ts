import type { StoreContext } from "../../store/context.ts";
import { isIdle, type JobReports, runJobs } from "./run-jobs.ts";

/** Limit of a run in a process that others wait for, if there is a process for backlogs. */
const BRIEF_SECONDS = 2;

/**
 * Work of a cron trigger. Under `npm start` its process also answers all calls to the metadata. So
 * it does only quick work, and asks for a process of its own (see `Host.startJobs`) for the rest.
 * While that one is running it does nothing.
 */
export async function runScheduled(store: StoreContext, log: { info(line: string): void }): Promise<void> {
  const state = await store.host?.state();
  if (state?.isJobsProcessRunning) return;
  const isApart = state?.hasJobsProcess === true;
  const runSeconds = isApart ? Math.min(BRIEF_SECONDS, store.settings.runSeconds) : store.settings.runSeconds;
  const reports = await runJobs({ ...store, settings: { ...store.settings, runSeconds } });
  logReports(reports, log);
  if (isApart && reports.isUnfinished) await store.host?.startJobs();
}

/** A log line for a run that did something. */
export function logReports(reports: JobReports, log: { info(line: string): void }): void {
  if (!isIdle(reports)) log.info(`maintenance ${JSON.stringify(Object.fromEntries(reports))}`);
}

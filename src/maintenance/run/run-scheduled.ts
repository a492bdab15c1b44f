import type { StoreContext } from "../../store/context.ts";
import { isIdle, type JobReports, runJobs } from "./run-jobs.ts";

/** How long a run may last in a process that others wait for, where a backlog has a process of its own. */
const BRIEF_SECONDS = 2;

/**
 * What a cron trigger does. Under `npm start` the process that runs it also answers all questions to the metadata: it does what takes
 * no time, and asks for a process of its own (see `Host.startJobs`) for what is left. While that one runs it does nothing.
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

/** A line for a run that did something. */
export function logReports(reports: JobReports, log: { info(line: string): void }): void {
  if (!isIdle(reports)) log.info(`maintenance ${JSON.stringify(Object.fromEntries(reports))}`);
}

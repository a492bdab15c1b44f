import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { parseJsonLine, toTextLine } from "../src/edge/request-line.ts";
import { AccessLog } from "./access-log.ts";
import { banner } from "./banner.ts";
import { TEMPORARY } from "./build/kept-build.mjs";
import { serverModules } from "./build/modules.ts";
import { requireUsable } from "./configuration.ts";
import { environmentCredentials, folderCredentials } from "./credentials.ts";
import { type DataFolder, openDataFolder, sweepDrive } from "./data-folder.ts";
import { diskDrives } from "./host/disk-drives.ts";
import { DiskWatch, type WatchedDrive } from "./host/disk-watch.ts";
import { hostAnswers, type RunningFacts } from "./host/host-answers.ts";
import { MergedCounts } from "./host/merged-counts.ts";
import { openMounts } from "./host/mounts.ts";
import { SpaceReserve } from "./host/space-reserve.ts";
import { moveShardsAside, requireDrives, requireMetadataOfDrives, requireNoShards } from "./host/start-checks.ts";
import { jobsOfServer } from "./jobs/jobs-of-server.ts";
import type { JobsProcess } from "./jobs/jobs-process.ts";
import { otherUrlHosts, probeListenAddress, urlHost } from "./listen-address.ts";
import { applyMigrations } from "./migrations.ts";
import { parseCommandLine, type StartOptions, usage } from "./options.ts";
import { folderRootKeys } from "./root-keys.ts";
import { jobsIntervalMs, repeat } from "./schedule.ts";
import { type Server, startServer } from "./server.ts";
import { StartError } from "./start-error.ts";
import { requireTlsFiles } from "./tls-files.ts";
import { diskBinding, workerVars } from "./worker-vars.ts";
import type { MetadataClient } from "./workerd/metadata-client.ts";

const cron = "* * * * *";
/** Interval of asking processes for their counts. Later counts of a killed process are lost. */
const countsIntervalMs = 10_000;
/** Time for present requests to finish once the server is told to stop. */
const drainMs = 3_000;
/** Time for the background jobs to finish a step. */
const jobsGraceMs = 1_000;

/** What `start.mjs` passes on. */
export interface Launch {
  /** The project's folder. */
  root: string;
  /** Folder of the build that this launcher is part of. */
  buildPath: string;
  args: string[];
  environment: NodeJS.ProcessEnv;
}

/** Runs the command line; ends the process with 1 if it fails. */
export async function main(launch: Launch): Promise<void> {
  const commandLine = parseCommandLine(launch.args, process.cwd());
  if (commandLine.kind === "help") {
    console.log(usage);
    return;
  }
  if (commandLine.kind === "refused") fail(commandLine.message);
  // If the reader of the output goes away (`npm start | head`), the server must go on.
  process.stdout.on("error", () => {});
  process.stderr.on("error", () => {});
  if (process.platform === "win32") fail("Windows is not supported; Sherd runs in its Linux (WSL 2)");
  try {
    await serve(commandLine.options, launch);
  } catch (error) {
    fail(describe(error));
  }
}

function fail(message: string): never {
  console.error(`sherd: ${message}`);
  process.exit(1);
}

function describe(error: unknown): string {
  if (error instanceof StartError) return error.message;
  return `cannot start: ${error instanceof Error ? (error.stack ?? error.message) : error}`;
}

async function serve(options: StartOptions, { root, buildPath, environment }: Launch): Promise<void> {
  const startedMs = Date.now();
  const given = environmentCredentials(environment);
  const folder = await openDataFolder(options.dataDir);
  if (options.tls) await requireTlsFiles(options.tls);
  await probeListenAddress(options.host, options.port);
  const configuration = requireUsable(workerVars(environment, null, options.quiet), {
    disks: folder.drivePaths.map(diskBinding),
    databases: ["DB"],
  });
  const say = logTo(options);
  const drives = diskDrives(configuration.drives, folder);
  await prepareStore(folder, drives, options);
  let setUsable: Server["setUsable"] = () => {};
  const watch = new DiskWatch({
    drives,
    metadataPath: folder.metadataPath,
    reserve: new SpaceReserve(join(folder.path, "reserve")),
    mounts: openMounts(folder.path),
    onUsable: ({ path }, mayUse) => setUsable(folder.drivePaths.indexOf(path), mayUse),
    reserveBytes: configuration.settings.diskReserveBytes,
    onChange: (level, sentence) => relay(level, `sherd: ${sentence}`),
  });
  await watch.start();
  requireDrives(watch, configuration.settings.storageClasses.STANDARD?.m ?? 0, (sentence) =>
    relay("error", `sherd: ${sentence}`),
  );
  // Made last, because only the start that makes a pair shows it: no earlier failure may hide it.
  const credentials = given ?? (await folderCredentials(folder.path));
  const rootKeys = await folderRootKeys(folder.path, environment, { mayMake: true });
  const vars = workerVars(environment, { ...credentials, rootKeys: rootKeys.keys }, options.quiet);
  const facts: RunningFacts & { pids: Map<string, number>; restarts: Map<string, number> } = {
    counts: null,
    pids: new Map(),
    restarts: new Map(),
    startedMs,
    startJobs: null,
    isJobsRunning: () => false,
  };
  const { host, port, processes: fronts, tls } = options;
  const isUsable = (path: string) => watch.isUsable(drives.find((drive) => drive.path === path) ?? { name: "", path });
  const server = await startServer({
    ...{ root, host, port, fronts, ...folder, vars, isUsable, ...(tls ? { tls } : {}) },
    modules: () => serverModules(buildPath),
    answerHost: hostAnswers(watch, () => facts),
    beforeClients: (metadata) => prepareMetadata(metadata, { root, folder, drives, isNew: options.isNew }),
    onLog: say.onLog,
    onProcesses: (workerdPids) => {
      notePids(facts, workerdPids);
      note(folder, pidsBeside(facts));
    },
    onLost: () => fail("a process of the server was killed that keeps others running: start it again"),
  }).catch(async (error: unknown) => {
    if (credentials.source === "file" && credentials.made) await rm(credentials.path, { force: true });
    throw error;
  });
  setUsable = server.setUsable;
  const counts = new MergedCounts(server.countsSockets.values());
  facts.counts = counts;
  const jobs = await jobsOfServer({
    ...{ buildPath, temporaryPath: folder.temporaryPath, vars, drivePaths: server.drivePaths },
    ...{ sockets: server.sockets, drives: configuration.drives },
    onLog: relay,
    onCounts: (answer) => counts.take("jobs", answer),
    onPid: (pid) => {
      if (pid === undefined) facts.pids.delete("jobs");
      else facts.pids.set("jobs", pid);
      note(folder, pidsBeside(facts));
    },
  });
  if (existsSync(join(buildPath, TEMPORARY))) await rm(buildPath, { recursive: true, force: true });
  facts.isJobsRunning = () => jobs?.isRunning === true;
  facts.startJobs = jobs && (() => jobs.start());
  const endSchedule = startSchedules(server, counts, jobsIntervalMs(configuration.settings));
  stopOnSignals({ folder, server, jobs, endSchedule: () => [endSchedule(), watch.stop()], reopenLog: say.reopen });
  const url = (name: string) => `${tls ? "https" : "http"}://${name}:${server.port}`;
  const showsSecret = (credentials.source === "file" && credentials.made) || process.stdout.isTTY === true;
  const region = vars.SHERD_REGION ?? "";
  const endpoints = { endpoint: url(urlHost(host)), otherEndpoints: otherUrlHosts(host).map(url) };
  const made = rootKeys.madePath === undefined ? {} : { madeRootKeys: rootKeys.madePath };
  console.log(banner({ ...endpoints, ...made, region, credentials, dataDir: folder.path, showsSecret }));
  if (folder.wasKilled) await sweep(drives, startedMs);
}

async function prepareStore(folder: DataFolder, drives: WatchedDrive[], { isNew }: StartOptions): Promise<void> {
  if (folder.hasMetadata) return;
  if (!isNew) return requireNoShards(folder.metadataPath, drives);
  for (const path of await moveShardsAside(drives, Date.now()))
    relay("log", `sherd: what lay on a drive is in ${path} now`);
}

interface Prepared {
  root: string;
  folder: DataFolder;
  drives: WatchedDrive[];
  isNew: boolean;
}

async function prepareMetadata(metadata: MetadataClient, { root, folder, drives, isNew }: Prepared): Promise<void> {
  if (folder.hasMetadata && !isNew) await requireMetadataOfDrives(metadata, folder.metadataPath, drives);
  await applyMigrations(metadata, join(root, "migrations"));
}

/** Passes on output of the Worker and workerd, errors to standard error. */
function relay(level: string, message: string): void {
  (level === "error" || level === "warn" ? process.stderr : process.stdout).write(`${message}\n`);
}

/** Destination of the Worker's log lines; the options decide about lines of requests. */
function logTo({ log, accessLog: path }: StartOptions): { onLog: typeof relay; reopen?: () => void } {
  const file = path && new AccessLog(path, (sentence) => relay("error", `sherd: ${sentence}`));
  const onLog = (level: string, message: string) => {
    const request = parseJsonLine(message);
    if (!request) return relay(level, message);
    const line = log === "json" ? message : toTextLine(request);
    if (file) file.write(line);
    else relay(level, line);
  };
  return file ? { onLog, reopen: () => file.reopen() } : { onLog };
}

function notePids(
  { pids, restarts }: { pids: Map<string, number>; restarts: Map<string, number> },
  found: number[],
): void {
  pids.set("launcher", process.pid);
  for (const [index, pid] of found.entries()) {
    const name = index === 0 ? "metadata" : `front-${index}`;
    const before = pids.get(name);
    restarts.set(name, (restarts.get(name) ?? 0) + (before === undefined || before === pid ? 0 : 1));
    pids.set(name, pid);
  }
}

/** Of all processes except this one. */
function pidsBeside({ pids }: { pids: ReadonlyMap<string, number> }): number[] {
  return [...pids].flatMap(([name, pid]) => (name === "launcher" ? [] : [pid]));
}

function note(folder: DataFolder, workerdPids: number[]): void {
  try {
    folder.note({ pid: process.pid, workerdPids });
  } catch (error) {
    relay("error", `sherd: cannot note the process ids: ${error instanceof Error ? error.message : error}`);
  }
}

function startSchedules(server: Server, counts: MergedCounts, intervalMs: number): () => void {
  const endJobs = repeat({
    intervalMs,
    isDueAtOnce: true,
    run: () => server.runScheduled(cron, new Date()),
    onFailure: (error) =>
      relay("error", `sherd: scheduled run failed: ${error instanceof Error ? error.message : error}`),
  });
  const endCounting = repeat({ intervalMs: countsIntervalMs, run: () => counts.refresh(), onFailure: () => {} });
  return () => {
    endJobs();
    endCounting();
  };
}

async function sweep(drives: readonly WatchedDrive[], startedMs: number): Promise<void> {
  for (const { path } of drives) {
    try {
      const removed = await sweepDrive(path, startedMs);
      if (removed > 0) relay("log", `sherd: removed ${removed} unfinished files of the last run from ${path}`);
    } catch (error) {
      relay("error", `sherd: cannot sweep ${path}: ${error instanceof Error ? error.message : error}`);
    }
  }
}

interface Running {
  folder: DataFolder;
  server: Server;
  jobs: JobsProcess | null;
  endSchedule: () => unknown;
  /** Reopens the access log; absent if there is none. */
  reopenLog: (() => void) | undefined;
}

/**
 * The first signal stops the server gently and ends with 0; a second one ends it at once. With an
 * access log, SIGHUP reopens the file instead: programs that rotate logs send it.
 */
function stopOnSignals({ folder, server, jobs, endSchedule, reopenLog }: Running): void {
  let isStopping = false;
  const stop = async () => {
    endSchedule();
    // Otherwise the note stays, and the next start sweeps the drives, as after a kill of the whole server.
    // The jobs first: they need the metadata.
    const haveEnded = [(await jobs?.stop(jobsGraceMs)) ?? true, await server.stop(drainMs)];
    if (!haveEnded.includes(false)) await folder.release();
    process.exit(0);
  };
  const onSignal = (signal: NodeJS.Signals) => {
    if (signal === "SIGHUP" && reopenLog) return reopenLog();
    if (isStopping) process.exit(signal === "SIGINT" ? 130 : 143);
    isStopping = true;
    relay("log", "sherd: stopping");
    stop().catch((error) => fail(`did not stop cleanly: ${error instanceof Error ? error.message : error}`));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
}

import { join } from "node:path";
import { banner } from "./banner.ts";
import { bundleWorker } from "./bundle.ts";
import { requireUsable } from "./configuration.ts";
import { environmentCredentials, folderCredentials } from "./credentials.ts";
import { type DataFolder, openDataFolder, sweepDrive } from "./data-folder.ts";
import { probeListenAddress, urlHost } from "./listen-address.ts";
import { applyMigrations } from "./migrations.ts";
import { parseCommandLine, type StartOptions, usage } from "./options.ts";
import { withDatabase } from "./runtime.ts";
import { repeat } from "./schedule.ts";
import { type Server, startServer } from "./server.ts";
import { StartError } from "./start-error.ts";
import { diskBinding, workerVars } from "./worker-vars.ts";

const root = join(import.meta.dirname, "..");
const cron = "* * * * *";
const cronIntervalMs = 60_000;
/** How long requests under way may take to finish once the server is told to stop. */
const drainMs = 3_000;

await main(process.argv.slice(2), process.env);

/** Runs the command line; ends the process with 1 where it fails. */
async function main(args: string[], environment: NodeJS.ProcessEnv): Promise<void> {
  const commandLine = parseCommandLine(args, process.cwd());
  if (commandLine.kind === "help") {
    console.log(usage);
    return;
  }
  if (commandLine.kind === "refused") fail(commandLine.message);
  // A reader of our output that goes away (`npm start | head`) must not end the server.
  process.stdout.on("error", () => {});
  process.stderr.on("error", () => {});
  try {
    await serve(commandLine.options, environment);
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

async function serve(options: StartOptions, environment: NodeJS.ProcessEnv): Promise<void> {
  const startedMs = Date.now();
  const given = environmentCredentials(environment);
  const folder = await openDataFolder(options.dataDir);
  // Where Miniflare puts its temporary files, which a killed server leaves behind.
  process.env.TMPDIR = folder.temporaryPath;
  await probeListenAddress(options.host, options.port);
  requireUsable(workerVars(environment, null, options.quiet), {
    disks: folder.drivePaths.map(diskBinding),
    databases: ["DB"],
  });
  const worker = await bundleWorker(join(root, "src/index.ts"));
  await withDatabase(folder.metadataPath, (database) => applyMigrations(database, join(root, "migrations")));
  // Made last, because a pair is shown only by the start that makes it: no earlier failure may swallow it.
  const credentials = given ?? (await folderCredentials(folder.path));
  const vars = workerVars(environment, credentials, options.quiet);
  const { host, port, processes: fronts } = options;
  const server = await startServer({
    ...{ worker, host, port, fronts, ...folder, vars, onLog: relay },
    onProcesses: (workerdPids) => note(folder, workerdPids),
    onLost: () => fail("a process of the server was killed that keeps others running: start it again"),
  });
  stopOnSignals({ folder, server, endSchedule: startSchedule(server) });
  const endpoint = `http://${urlHost(host)}:${server.port}`;
  const showsSecret = (credentials.source === "file" && credentials.made) || process.stdout.isTTY === true;
  console.log(banner({ endpoint, region: vars.SHERD_REGION ?? "", credentials, dataDir: folder.path, showsSecret }));
  if (folder.wasKilled) await sweep(folder, startedMs);
}

/** Hands on what the Worker and workerd say, errors to the error stream. */
function relay(level: string, message: string): void {
  (level === "error" || level === "warn" ? process.stderr : process.stdout).write(`${message}\n`);
}

function note(folder: DataFolder, workerdPids: number[]): void {
  try {
    folder.note({ pid: process.pid, workerdPids });
  } catch (error) {
    relay("error", `sherd: cannot note the process ids: ${error instanceof Error ? error.message : error}`);
  }
}

function startSchedule(server: Server): () => void {
  return repeat({
    intervalMs: cronIntervalMs,
    run: () => server.runScheduled(cron, new Date()),
    onFailure: (error) =>
      relay("error", `sherd: scheduled run failed: ${error instanceof Error ? error.message : error}`),
  });
}

async function sweep(folder: DataFolder, startedMs: number): Promise<void> {
  for (const path of folder.drivePaths) {
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
  endSchedule: () => void;
}

/** The first signal stops the server gently and ends with 0; a second one ends it at once. */
function stopOnSignals({ folder, server, endSchedule }: Running): void {
  let isStopping = false;
  const stop = async () => {
    endSchedule();
    // Otherwise the note stays, and the next start sweeps the drives, as after a kill of the whole server.
    if (await server.stop(drainMs)) await folder.release();
    process.exit(0);
  };
  const onSignal = (signal: NodeJS.Signals) => {
    if (isStopping) process.exit(signal === "SIGINT" ? 130 : 143);
    isStopping = true;
    relay("log", "sherd: stopping");
    stop().catch((error) => fail(`did not stop cleanly: ${error instanceof Error ? error.message : error}`));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
}

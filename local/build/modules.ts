import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { WorkerModules } from "./bundle.ts";

/** The Workers of one server. */
export interface ServerModules {
  worker: WorkerModules;
  /** Answers what D1 bindings ask. */
  metadataService: WorkerModules;
  /** Runs the Worker's `scheduled` handler. */
  scheduleService: WorkerModules;
  /** Folder of the console's built files; absent: it is not served. */
  consolePath?: string;
}

/** The program of the background jobs' process, in the folder of a build. */
export const JOBS_PROGRAM = "jobs.cjs";
/** Folder of the console's files in that of a build. */
export const CONSOLE_FOLDER = "console";
/** What it loads. */
export const KERNEL_FILE = "kernel.wasm";

/** `workers.json` of a build: what each Worker consists of; the paths are below the folder of its name. */
export type BuiltWorkers = Record<string, { entry: string; modules: string[] }>;

/** What the build in that folder has for `startServer`. */
export function serverModules(path: string): ServerModules {
  const workers = JSON.parse(readFileSync(join(path, "workers.json"), "utf8")) as BuiltWorkers;
  const modulesOf = (name: string): WorkerModules => {
    const { entry, modules } = workers[name] ?? { entry: "", modules: [] };
    const contents = (file: string) => new Uint8Array(readFileSync(join(path, name, file)));
    const wasm = new Map(modules.map((module) => [module, contents(module)]));
    return { entry, script: readFileSync(join(path, name, entry), "utf8"), wasm };
  };
  return {
    worker: modulesOf("worker"),
    metadataService: modulesOf("metadata-service"),
    scheduleService: modulesOf("schedule-service"),
    consolePath: join(path, CONSOLE_FOLDER),
  };
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { WorkerModules } from "./bundle.ts";
import type { Build } from "./kept-build.mjs";

/** The Workers of one server. */
export interface ServerModules {
  worker: WorkerModules;
  /** Answers what D1 bindings ask. */
  metadataService: WorkerModules;
  /** Runs the Worker's `scheduled` handler. */
  scheduleService: WorkerModules;
}

/** What a build has for `startServer`. */
export function serverModules(build: Build): ServerModules {
  return {
    worker: readModules(build, "worker"),
    metadataService: readModules(build, "metadata-service"),
    scheduleService: readModules(build, "schedule-service"),
  };
}

function readModules({ path, workers }: Build, name: string): WorkerModules {
  const { entry, modules } = workers[name] ?? { entry: "", modules: [] };
  const contents = (file: string) => new Uint8Array(readFileSync(join(path, name, file)));
  const wasm = new Map(modules.map((module) => [module, contents(module)]));
  return { entry, script: readFileSync(join(path, name, entry), "utf8"), wasm };
}

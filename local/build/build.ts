import { join } from "node:path";
import { bundleProgram, bundleWorkers } from "./bundles.ts";
import { keepBuild } from "./kept-build.mjs";
import { JOBS_PROGRAM } from "./modules.ts";

/**
 * Bundles everything that `npm start` runs: the Worker, the services beside it, and the launcher.
 * The launcher's process then strips no types and holds no modules of the tools. Prints the
 * bundle's folder.
 */
const beganMs = Date.now();
const root = join(import.meta.dirname, "../..");
const tools = ["build", "bundle", "bundles", "modules"].map((name) => `local/build/${name}.ts`);
const { files, inputs } = await bundleWorkers(root);
const launcher = await bundleProgram(root, { source: "local/launch.ts", format: "cjs", target: "node22" });
const jobs = await bundleProgram(root, { source: "local/jobs/launch.ts", format: "cjs", target: "node22" });
files.set("launcher.cjs", launcher.script);
files.set(JOBS_PROGRAM, jobs.script);
const all = new Set([...tools, "node_modules/.package-lock.json", ...inputs, ...launcher.inputs, ...jobs.inputs]);
process.stdout.write(keepBuild(root, { beganMs, inputs: [...all], files }));

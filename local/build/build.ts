import { join, relative } from "node:path";
import { build } from "esbuild";
import { bundleWorker } from "./bundle.ts";
import { keepBuild } from "./kept-build.mjs";
import type { BuiltWorkers } from "./modules.ts";

/**
 * Bundles what `npm start` runs: the Worker, the services beside it, and the launcher itself, so that the process that stays
 * strips no types and holds no module of the tools. Prints the folder that has it all.
 */
const beganMs = Date.now();
const root = join(import.meta.dirname, "../..");
const inputs = new Set<string>(["local/build/build.ts", "local/build/bundle.ts", "node_modules/.package-lock.json"]);
const files = new Map<string, string | Uint8Array>();
const workers: BuiltWorkers = {};

const sources = {
  worker: "src/index.ts",
  "metadata-service": "local/workerd/metadata-service.ts",
  "schedule-service": "local/workerd/schedule-service.ts",
};
for (const [name, source] of Object.entries(sources)) {
  const { entry, script, wasm, inputs: read } = await bundleWorker(join(root, source));
  files.set(`${name}/${entry}`, script);
  for (const [module, contents] of wasm) files.set(`${name}/${module}`, contents);
  workers[name] = { entry, modules: [...wasm.keys()] };
  for (const path of read) inputs.add(relative(root, path));
}
files.set("workers.json", JSON.stringify(workers));
files.set("launcher.cjs", await bundleLauncher());
process.stdout.write(keepBuild(root, { beganMs, inputs: [...inputs], files }));

async function bundleLauncher(): Promise<string> {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(root, "local/launch.ts")],
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    // Node's loader of modules takes some 10 MB that CommonJS does not need.
    format: "cjs",
    platform: "node",
    target: "node22",
    logLevel: "silent",
  });
  for (const path of Object.keys(metafile.inputs)) inputs.add(path);
  return outputFiles[0]?.text ?? "";
}

import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { build, type Plugin } from "esbuild";
import { builtConsole } from "../../console/build.mjs";
import { bundleWorker } from "./bundle.ts";
import { type BuiltWorkers, CONSOLE_FOLDER, KERNEL_FILE } from "./modules.ts";

/** Files of a build by their names in its folder. */
export interface Bundles {
  files: Map<string, string | Uint8Array>;
  /** Their source files: paths below the project's folder. */
  inputs: Set<string>;
}

const workerSources = {
  worker: "src/index.ts",
  "metadata-service": "local/workerd/metadata-service.ts",
  "schedule-service": "local/workerd/schedule-service.ts",
};

const kernelSource = "src/erasure/kernel.wasm";

/** The Worker and the services beside it, as `serverModules` reads them, the console, and the kernel for the jobs' process. */
export async function bundleWorkers(root: string): Promise<Bundles> {
  const bundles: Bundles = { files: new Map(), inputs: new Set() };
  const workers: BuiltWorkers = {};
  for (const [name, source] of Object.entries(workerSources)) {
    const { entry, script, wasm, inputs } = await bundleWorker(join(root, source));
    bundles.files.set(`${name}/${entry}`, script);
    for (const [module, contents] of wasm) bundles.files.set(`${name}/${module}`, contents);
    workers[name] = { entry, modules: [...wasm.keys()] };
    for (const path of inputs) bundles.inputs.add(relative(root, path));
  }
  const { files, inputs } = await builtConsole();
  for (const [name, contents] of files) bundles.files.set(`${CONSOLE_FOLDER}/${name}`, contents);
  for (const input of inputs) bundles.inputs.add(input);
  bundles.files.set(KERNEL_FILE, readFileSync(join(root, kernelSource)));
  bundles.files.set("workers.json", JSON.stringify(workers));
  return bundles;
}

export interface NodeProgram {
  /** Entry file below the project's folder. */
  source: string;
  /** Node's loader of modules takes some 10 MB that CommonJS does not need. */
  format: "cjs" | "esm";
  /** esbuild's name of the oldest Node that runs it. */
  target: string;
  plugins?: Plugin[];
}

/** One program for Node in one file. Throws esbuild's error. */
export async function bundleProgram(
  root: string,
  { source, format, target, plugins = [] }: NodeProgram,
): Promise<{ script: string; inputs: string[] }> {
  const { outputFiles, metafile } = await build({
    ...{ entryPoints: [join(root, source)], absWorkingDir: root, format, target, plugins },
    ...{ bundle: true, write: false, metafile: true, platform: "node", logLevel: "silent" },
  });
  return { script: outputFiles[0]?.text ?? "", inputs: Object.keys(metafile.inputs) };
}

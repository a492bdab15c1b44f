import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { build, type Plugin, stop } from "esbuild";

/** The Worker as workerd takes it: module names with their contents; the first is the entry. */
export interface WorkerModules {
  entry: string;
  script: string;
  /** Compiled modules that the script imports, by the name it imports them under. */
  wasm: Map<string, Uint8Array<ArrayBuffer>>;
}

/** Modules fresh from the bundler. */
export interface BundledWorker extends WorkerModules {
  /** Paths of all their source files. */
  inputs: string[];
}

/**
 * Bundles the Worker whose entry file is `entryPath`, as `wrangler deploy` would. Throws esbuild's
 * error. `replacements` maps paths of files to the files that replace them; a replacement may
 * import the original.
 */
export async function bundleWorker(
  entryPath: string,
  replacements: ReadonlyMap<string, string> = new Map(),
): Promise<BundledWorker> {
  const wasm = new Map<string, Uint8Array<ArrayBuffer>>();
  const wasmPaths: string[] = [];
  const result = await build({
    entryPoints: [entryPath],
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["node:*", "cloudflare:*"],
    plugins: [collectWasm(wasm, wasmPaths), replaceFiles(replacements)],
    logLevel: "silent",
  });
  await stop(); // esbuild's helper process would stay for the life of the server
  const [output] = result.outputFiles;
  if (output === undefined) throw new Error("esbuild gave no output");
  const inputs = [...Object.keys(result.metafile.inputs).map((path) => resolve(path)), ...wasmPaths];
  return { entry: "index.js", script: output.text, wasm, inputs };
}

function replaceFiles(replacements: ReadonlyMap<string, string>): Plugin {
  return {
    name: "replace",
    setup(plugin) {
      if (replacements.size === 0) return;
      plugin.onResolve({ filter: /^\./ }, ({ path, resolveDir, importer }) => {
        const replacement = replacements.get(resolve(resolveDir, path));
        return replacement === undefined || replacement === importer ? undefined : { path: replacement };
      });
    },
  };
}

/** Leaves imports of `.wasm` unchanged and collects the files: only workerd may compile them. */
function collectWasm(wasm: Map<string, Uint8Array<ArrayBuffer>>, paths: string[]): Plugin {
  return {
    name: "wasm",
    setup(plugin) {
      plugin.onResolve({ filter: /\.wasm$/ }, async ({ path, resolveDir, pluginData, kind }) => {
        if (pluginData === "resolved") return undefined;
        const found = await plugin.resolve(path, { resolveDir, kind, pluginData: "resolved" });
        if (found.errors.length > 0) return { errors: found.errors };
        const name = `./${wasm.size}-${basename(found.path)}`;
        paths.push(found.path);
        wasm.set(name.slice(2), new Uint8Array(await readFile(found.path)));
        return { path: name, external: true };
      });
    },
  };
}

import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { build, type Plugin, stop } from "esbuild";

/** The Worker as workerd takes it: module names with their contents; the first is the entry. */
export interface WorkerModules {
  entry: string;
  script: string;
  /** Compiled modules that the script imports, by the name it imports them under. */
  wasm: Map<string, Uint8Array<ArrayBuffer>>;
}

/** Bundles the Worker whose entry file is `entryPath`, as `wrangler deploy` would. Throws esbuild's error where it cannot. */
export async function bundleWorker(entryPath: string): Promise<WorkerModules> {
  const wasm = new Map<string, Uint8Array<ArrayBuffer>>();
  const result = await build({
    entryPoints: [entryPath],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["node:*", "cloudflare:*"],
    plugins: [collectWasm(wasm)],
    logLevel: "silent",
  });
  await stop(); // esbuild's helper process would stay for the life of the server
  const [output] = result.outputFiles;
  if (output === undefined) throw new Error("esbuild gave no output");
  return { entry: "index.js", script: output.text, wasm };
}

/** Leaves imports of `.wasm` as they are and collects the files: workerd compiles them, code must not. */
function collectWasm(wasm: Map<string, Uint8Array<ArrayBuffer>>): Plugin {
  return {
    name: "wasm",
    setup(plugin) {
      plugin.onResolve({ filter: /\.wasm$/ }, async ({ path, resolveDir, pluginData, kind }) => {
        if (pluginData === "resolved") return undefined;
        const found = await plugin.resolve(path, { resolveDir, kind, pluginData: "resolved" });
        if (found.errors.length > 0) return { errors: found.errors };
        const name = `./${wasm.size}-${basename(found.path)}`;
        wasm.set(name.slice(2), new Uint8Array(await readFile(found.path)));
        return { path: name, external: true };
      });
    },
  };
}

import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import type { Plugin } from "esbuild";
import { bundleProgram, bundleWorkers } from "../build/bundles.ts";
import { JOBS_PROGRAM } from "../build/modules.ts";

/**
 * Makes `dist`, which is all of the npm package's code; `npm pack` runs this first. Nothing there
 * needs a compiler, a bundler or Miniflare. npm installs only workerd with it, the one entry of
 * `dependencies` in package.json.
 */
const root = join(import.meta.dirname, "../..");
const dist = join(root, "dist");
/** Commands as users of the checkout type them, with those of the package. */
const names = [
  [/\bnpm (?:run )?start --(?= )/g, "sherd"],
  [/\bnpm run (\w+) --(?= )/g, "sherd $1"],
  [/\bnpm (?:run )?start\b/g, "sherd"],
  [/\bnpm run (\w+)\b/g, "sherd $1"],
] as const;

/**
 * The commands are those scripts of package.json that run a file of `local`, so that new ones are
 * in the package too.
 */
function commandNames(): string[] {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  return Object.keys(scripts).filter((name) => scripts[name] === `exec node local/${name}.ts`);
}

/**
 * Help and messages of the launcher and the commands say `sherd verify` instead of `npm run
 * verify`.
 */
const renameCommands: Plugin = {
  name: "rename-commands",
  setup(plugin) {
    plugin.onLoad({ filter: /[\\/]local[\\/].*\.ts$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      const contents = names.reduce((text, [from, to]) => text.replace(from, to), source);
      return { contents, loader: extname(path) === ".ts" ? "ts" : "js" };
    });
  },
};

const useThisBuild: Plugin = {
  name: "use-this-build",
  setup(plugin) {
    const path = join(import.meta.dirname, "current-build.ts");
    plugin.onResolve({ filter: /\/build\/current-build\.mjs$/ }, () => ({ path }));
  },
};

function write(name: string, contents: string | Uint8Array): void {
  const path = join(dist, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
}

async function writeProgram(name: string, source: string): Promise<void> {
  const format = extname(name) === ".cjs" ? "cjs" : "esm";
  const plugins = [renameCommands, useThisBuild];
  const { script } = await bundleProgram(root, { source, format, target: "node20", plugins });
  write(name, script);
}

rmSync(dist, { recursive: true, force: true });
for (const [name, contents] of (await bundleWorkers(root)).files) write(name, contents);
await writeProgram("launcher.cjs", "local/launch.ts");
await writeProgram(JOBS_PROGRAM, "local/jobs/launch.ts");
await writeProgram("sherd.mjs", "local/package/sherd.ts");
for (const name of commandNames()) await writeProgram(`commands/${name}.mjs`, `local/${name}.ts`);
chmodSync(join(dist, "sherd.mjs"), 0o755);
cpSync(join(root, "migrations"), join(dist, "migrations"), { recursive: true });
mkdirSync(join(dist, "local/workerd"), { recursive: true });
cpSync(join(root, "local/workerd/supervise.sh"), join(dist, "local/workerd/supervise.sh"));

#!/usr/bin/env node
// The door of `npm start`. It is plain JavaScript, so that a Node too old for the TypeScript behind it can still say so, and
// so that the process that stays needs neither a compiler nor a bundler in memory.
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `sherd: Node 22.18 or newer is needed, this is ${process.version} (${process.execPath}). ` +
      "`npm start` uses the Node that `npm ci` puts into node_modules/.bin: run `npm ci` again, with install scripts allowed.",
  );
  process.exit(1);
}
const root = fileURLToPath(new URL("..", import.meta.url));
const { findBuild } = await import("./build/kept-build.mjs");
const path = findBuild(root) ?? makeBuild(await import("node:child_process"));
launch([join(path, "launcher.cjs"), root, path, ...process.argv.slice(2)]);

/** Bundles in a process of its own, whose memory ends with it. */
function makeBuild({ spawnSync }) {
  const script = join(root, "local/build/build.ts");
  const { status, stdout } = spawnSync(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
  if (status !== 0) {
    console.error("sherd: cannot start: the Worker could not be bundled");
    process.exit(1);
  }
  return stdout.toString().trim();
}

/**
 * Replaces this process by the launcher, under the same id: what was needed up to here takes no memory any more. The launcher
 * does little and seldom, so it is given little: no compiler that optimises, no helper threads, one arena for malloc.
 */
function launch(argv) {
  const lean = ["--optimize-for-size", "--no-opt", "--max-semi-space-size=1", "--v8-pool-size=0"];
  if (process.platform !== "win32" && typeof process.execve === "function") {
    const environment = { ...process.env, MALLOC_ARENA_MAX: "1" };
    process.execve(process.execPath, [process.execPath, ...process.execArgv, ...lean, ...argv], environment);
  }
  process.argv.splice(1, Number.POSITIVE_INFINITY, ...argv);
  createRequire(import.meta.url)(argv[0]);
}

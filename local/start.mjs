#!/usr/bin/env node
// The door of `npm start`. It is plain JavaScript, so that a Node too old for the TypeScript behind it can still say so, and
// so that the process that stays needs neither a compiler nor a bundler in memory.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

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
const build = findBuild(root) ?? makeBuild(await import("node:child_process"));
const { main } = await import(pathToFileURL(join(build.path, "launcher.mjs")).href);
await main({ root, build, args: process.argv.slice(2), environment: process.env });

/** In a process of its own, whose memory ends with it. */
function makeBuild({ spawnSync }) {
  const script = join(root, "local/build/build.ts");
  const { status, stdout } = spawnSync(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
  if (status !== 0) {
    console.error("sherd: cannot start: the Worker could not be bundled");
    process.exit(1);
  }
  const path = stdout.toString().trim();
  return { path, ...JSON.parse(readFileSync(join(path, "build.json"), "utf8")) };
}

#!/usr/bin/env node
// The door of `npm start`. It is plain JavaScript, so that a Node too old for the TypeScript behind it can still say so, and
// so that the process that stays needs neither a compiler nor a bundler in memory.
import { join } from "node:path";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `sherd: Node 22.18 or newer is needed, this is ${process.version} (${process.execPath}). ` +
      "`npm start` uses the Node that `npm ci` puts into node_modules/.bin: run `npm ci` again, with install scripts allowed.",
  );
  process.exit(1);
}
const { currentBuild, root } = await import("./build/current-build.mjs");
const { launch } = await import("./lean-process.mjs");
const path = currentBuild();
launch([join(path, "launcher.cjs"), root, path, ...process.argv.slice(2)]);

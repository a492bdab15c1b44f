#!/usr/bin/env node
// The entry of `npm start`. It is plain JavaScript for two reasons: a Node that is too old for
// TypeScript can still print an error, and the process that stays needs neither compiler nor
// bundler in memory.
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

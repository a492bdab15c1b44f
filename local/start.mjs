#!/usr/bin/env node
// The door of `npm start`. It is plain JavaScript so that a Node too old for the TypeScript behind it can still say so.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `sherd: Node 22.18 or newer is needed, this is ${process.version} (${process.execPath}). ` +
      "`npm start` uses the Node that `npm ci` puts into node_modules/.bin: run `npm ci` again, with install scripts allowed.",
  );
  process.exit(1);
}
await import("./start.ts");

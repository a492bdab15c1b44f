#!/usr/bin/env node
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { launch } from "../lean-process.mjs";

// The program `sherd` of the npm package: `sherd [options]` serves, `sherd COMMAND [options]` runs
// one of the other commands.

const [major = 0] = process.versions.node.split(".").map(Number);
if (major < 20) {
  console.error(`sherd: Node 20 or newer is needed, this is ${process.version} (${process.execPath})`);
  process.exit(1);
}
const folder = dirname(fileURLToPath(import.meta.url));
const [first = "", ...rest] = process.argv.slice(2);
const commands = readdirSync(join(folder, "commands")).map((name) => name.replace(/\.mjs$/, ""));

if (first === "--version" || first === "-v") {
  console.log(JSON.parse(readFileSync(join(folder, "../package.json"), "utf8")).version);
} else if (commands.includes(first)) {
  const path = join(folder, "commands", `${first}.mjs`);
  process.argv.splice(1, Number.POSITIVE_INFINITY, path, ...rest);
  await import(pathToFileURL(path).href);
} else if (first !== "" && !first.startsWith("-")) {
  console.error(`sherd: there is no command ${first}: ${commands.join(", ")}, or none to serve (--help)`);
  process.exitCode = 1;
} else {
  if (rest.concat(first).some((option) => option === "--help" || option === "-h")) {
    console.log(`Commands: ${commands.join(", ")}`);
    console.log("sherd COMMAND --help explains each; without one, Sherd serves. --version tells its version.\n");
  }
  launch([join(folder, "launcher.cjs"), folder, folder, ...process.argv.slice(2)]);
}

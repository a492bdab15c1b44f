import { main } from "./launcher.ts";

// The launcher's process, which `start.mjs` becomes. The first arguments are the folders of the
// project and of the build.
const [root = "", buildPath = "", ...args] = process.argv.slice(2);
void main({ root, buildPath, args, environment: process.env });

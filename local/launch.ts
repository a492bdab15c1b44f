import { main } from "./launcher.ts";

// The launcher's process, which `start.mjs` becomes: its arguments begin with the project's folder and the build's.
const [root = "", buildPath = "", ...args] = process.argv.slice(2);
void main({ root, buildPath, args, environment: process.env });

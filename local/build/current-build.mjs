// The project's folder and its current build. Plain JavaScript: the entry of `npm start` loads it
// and may have no compiler.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findBuild } from "./kept-build.mjs";

/** The folder with `migrations` and `local/workerd/supervise.sh`. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Folder of the current build; makes the build if necessary, in a process whose memory ends with
 * it.
 */
export function currentBuild() {
  return findBuild(root) ?? makeBuild();
}

function makeBuild() {
  const script = join(root, "local/build/build.ts");
  const { status, stdout } = spawnSync(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
  if (status !== 0) {
    console.error("sherd: cannot start: the Worker could not be bundled");
    process.exit(1);
  }
  return stdout.toString().trim();
}

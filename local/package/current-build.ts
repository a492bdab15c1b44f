import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

// Replaces `local/build/current-build.mjs` in the commands of the npm package, which are in
// `dist/commands`: everything was built when the package was packed.

/** The folder with `migrations` and `local/workerd/supervise.sh`. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

export function currentBuild(): string {
  return root;
}

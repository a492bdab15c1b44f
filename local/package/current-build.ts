import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

// Takes the place of `local/build/current-build.mjs` in the commands of the npm package, which lie in `dist/commands`: all that
// runs was made when it was packed.

/** The folder with `migrations` and `local/workerd/supervise.sh`. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

export function currentBuild(): string {
  return root;
}

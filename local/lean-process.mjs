import { createRequire } from "node:module";

/**
 * Replaces this process by the launcher, under the same id: what was needed up to here takes no memory any more. The launcher
 * does little and seldom, so it is given little: no compiler that optimises, no helper threads, one arena for malloc. A Node
 * older than 22.15 cannot be replaced, and goes on as it is.
 *
 * @param {string[]} argv The launcher's file (CommonJS) and its arguments.
 */
export function launch(argv) {
  const lean = ["--optimize-for-size", "--no-opt", "--max-semi-space-size=1", "--v8-pool-size=0"];
  if (typeof process.execve === "function") {
    const environment = { ...process.env, MALLOC_ARENA_MAX: "1" };
    process.execve(process.execPath, [process.execPath, ...process.execArgv, ...lean, ...argv], environment);
  }
  process.argv.splice(1, Number.POSITIVE_INFINITY, ...argv);
  createRequire(import.meta.url)(argv[0]);
}

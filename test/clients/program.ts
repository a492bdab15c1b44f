import type { JobResult } from "./client.ts";
import { attempt } from "./command.ts";

/**
 * Runs a program of any language that prints one JobResult as JSON for each of its jobs, a line each, and reports them.
 * A program that ends with another code than 0, or without a job, is one more failure.
 */
export async function runProgram(
  argv: readonly string[],
  env: Record<string, string>,
  report: (result: JobResult) => void,
): Promise<void> {
  let reported = 0;
  const result = await attempt(argv, {
    env,
    timeoutMs: 600_000,
    onLine: (line) => {
      reported++;
      report(JSON.parse(line) as JobResult);
    },
  });
  if (result.code === 0 && reported > 0) return;
  report({
    job: "all jobs",
    ms: 0,
    status: "failed",
    output: `${reported} jobs done, then exit code ${result.code}\n${result.stderr.slice(-4000)}`,
  });
}

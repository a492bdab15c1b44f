import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { JOBS_PROGRAM, KERNEL_FILE } from "../build/modules.ts";
import { diskBinding } from "../worker-vars.ts";
import { JobsProcess, type JobsProcessOptions } from "./jobs-process.ts";

/** `Promise.withResolvers`, `Map.groupBy`. */
const NODE_MAJOR_MIN = 22;

function nodeMajor(): number {
  return Number(process.versions.node.split(".")[0]);
}

interface JobsOfServer extends Pick<JobsProcessOptions, "onLog" | "onCounts" | "onPid"> {
  buildPath: string;
  /**
   * Copy of those files of the build that the process needs: the build may be gone when the process
   * is started.
   */
  temporaryPath: string;
  vars: Record<string, string>;
  drivePaths: readonly string[];
  sockets: { metadata: string; host: string };
  /** From the configuration. */
  drives: readonly { type: string }[];
}

/**
 * The process of a server's background jobs. Null if a drive is no folder of this machine, because
 * Node reaches other providers in another way than workerd. Null also if this Node is too old for
 * the Worker's code. The process of the metadata then runs the jobs.
 */
export async function jobsOfServer({
  buildPath,
  temporaryPath,
  vars,
  drivePaths,
  sockets,
  drives,
  ...told
}: JobsOfServer): Promise<JobsProcess | null> {
  if (drives.some(({ type }) => type !== "disk") || nodeMajor() < NODE_MAJOR_MIN) return null;
  for (const file of [JOBS_PROGRAM, KERNEL_FILE]) await copyFile(join(buildPath, file), join(temporaryPath, file));
  return new JobsProcess({
    ...told,
    script: join(temporaryPath, JOBS_PROGRAM),
    configuration: {
      vars,
      drivePaths: Object.fromEntries(drivePaths.map((path, index) => [diskBinding("", index), path])),
      metadataSocket: sockets.metadata,
      hostSocket: sockets.host,
      kernelPath: join(temporaryPath, KERNEL_FILE),
    },
  });
}

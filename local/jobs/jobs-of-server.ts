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
  /** What the process needs of the build is copied there: the build may be gone when it is started. */
  temporaryPath: string;
  vars: Record<string, string>;
  drivePaths: readonly string[];
  sockets: { metadata: string; host: string };
  /** As the configuration says. */
  drives: readonly { type: string }[];
}

/**
 * The process of a server's background jobs; null where a drive is no folder of this machine: Node reaches those of other
 * providers in another way than workerd, so the process of the metadata runs the jobs. So it does where this Node is older than what
 * the Worker's code is written for.
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

import type { Credentials } from "./credentials.ts";
import { driveCount } from "./data-folder.ts";

/** Name of a drive's binding, as `startServer` gives it. */
export function diskBinding(_: string, index: number): string {
  return `DRIVE_${index + 1}`;
}

/**
 * Variables of the Worker: those that the launcher decides, and all of the environment that begin
 * with SHERD_. Without the keys if they are not yet known.
 */
export function workerVars(
  environment: NodeJS.ProcessEnv,
  secrets: (Credentials & { rootKeys: string }) | null,
  isQuiet: boolean,
): Record<string, string> {
  const drives = Array.from({ length: driveCount }, (_, index) => {
    const name = `drive-${index + 1}`;
    return { name, type: "disk", binding: diskBinding(name, index), domain: name };
  });
  const vars: Record<string, string> = {
    SHERD_DRIVES: JSON.stringify(drives),
    SHERD_REGION: "us-east-1",
    // The launcher's interval of the jobs. No platform limits a run.
    SHERD_CRON_SECONDS: "60",
    SHERD_RUN_SECONDS: "50",
    SHERD_DRIVE_CALLS_PER_RUN: "1000000",
    SHERD_DRIVE_CONNECTIONS: "40",
    // Browsers resolve every name below localhost to this machine.
    SHERD_WEBSITE_DOMAIN: "website.localhost",
  };
  for (const [name, value] of Object.entries(environment)) {
    if (name.startsWith("SHERD_") && value !== undefined && value !== "") vars[name] = value;
  }
  if (secrets) {
    vars.SHERD_ACCESS_KEY_ID = secrets.accessKeyId;
    vars.SHERD_SECRET_ACCESS_KEY = secrets.secretAccessKey;
    if (secrets.rootKeys !== "") vars.SHERD_ROOT_KEYS = secrets.rootKeys;
  }
  // The launcher reads the lines and writes them in the form that its options ask for.
  if (isQuiet) delete vars.SHERD_LOG_REQUESTS;
  else vars.SHERD_LOG_REQUESTS = "json";
  return vars;
}

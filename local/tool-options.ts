import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { StartError } from "./start-error.ts";
import { folderTarget, type MissingMetadata, remoteTarget, type ToolTarget } from "./tool-target.ts";

/** Options that the command lines of `npm run restore` and `npm run verify` share. */
export interface ToolOptions {
  help: boolean;
  /** Flags and values of the command's own. */
  own: Readonly<Record<string, string | boolean | undefined>>;
  open(missing: MissingMetadata): Promise<ToolTarget>;
}

export const targetUsage = `  --data DIR       data folder of npm start, whose server must not be running (default ./sherd-data)
  --endpoint URL   instead: a server that runs, on Cloudflare too; the root key is taken from
                   AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`;

/** Reads a command line. Throws a `StartError` for unknown options. */
export function parseToolOptions(
  args: string[],
  own: Record<string, { type: "string" | "boolean" }>,
  environment: NodeJS.ProcessEnv,
): ToolOptions {
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({
      args,
      strict: true,
      allowPositionals: false,
      options: {
        ...own,
        data: { type: "string" },
        endpoint: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }));
  } catch (error) {
    const [first = ""] = String(error instanceof Error ? error.message : error).split(/\. |\n/);
    throw new StartError(`${first.replace(/\.$/, "")} (--help lists the options)`);
  }
  const { data, endpoint, help = false } = values;
  if (data !== undefined && endpoint !== undefined) throw new StartError("give --data or --endpoint, not both");
  if (typeof endpoint === "string" && !URL.canParse(endpoint)) throw new StartError("--endpoint is not a URL");
  return {
    help: help === true,
    own: values,
    open: async (missing) =>
      typeof endpoint === "string"
        ? remoteTarget(endpoint, environment)
        : folderTarget(resolve(String(data ?? "sherd-data")), environment, missing),
  };
}

/** Runs a command and returns the exit code: 1 if it fails in a way that it can explain. */
export async function runTool(run: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await run();
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    console.error(`sherd: ${error.message}`);
    process.exitCode = 1;
  }
}

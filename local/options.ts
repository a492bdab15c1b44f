import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";

/** What the command line asks for. */
export interface StartOptions {
  /** Address to listen on: an IP address or a name of this machine. */
  host: string;
  /** TCP port; 0 takes any free one. */
  port: number;
  /** Absolute path of the data folder. */
  dataDir: string;
  /** Processes that serve clients. */
  processes: number;
  /** No line per request. */
  quiet: boolean;
  /** Form of the lines about requests. */
  log: "text" | "json";
  /** Absolute path of a file for the lines about requests; absent: they go to the standard output. */
  accessLog?: string;
  /** Absolute paths of a certificate and its key; absent: plain HTTP. */
  tls?: { certPath: string; keyPath: string };
  /** Starts although the metadata are missing or older than the drives. */
  isNew: boolean;
}

export type CommandLine =
  | { kind: "start"; options: StartOptions }
  | { kind: "help" }
  | { kind: "refused"; message: string };

/** Each takes memory of its own, and the single process of the metadata can serve only so many. */
const defaultProcessesMax = 4;
const processesMax = 64;

export const usage = `Usage: npm start -- [options]

Starts Sherd, an S3-compatible object store, on this machine.

  --host ADDRESS   address to listen on (default 127.0.0.1; 0.0.0.0 for all)
  --port PORT      port to listen on (default 9000; 0 for any free one)
  --data DIR       folder for keys, metadata and drives (default ./sherd-data)
  --processes N    processes that serve clients (default: one a core, at most ${defaultProcessesMax})
  --quiet          no log line per request
  --log FORM       form of these lines: text (default) or json
  --access-log FILE  where they go instead of the standard output; SIGHUP opens it anew
  --tls-cert FILE  serve https with this certificate (PEM, with its chain)
  --tls-key FILE   and this private key
  --new            begin a new store although the drives hold shards: these are moved aside;
                   or go on with metadata that are older than the drives
  --help           this text

Environment: SHERD_ACCESS_KEY_ID and SHERD_SECRET_ACCESS_KEY replace the keys of the data folder;
every variable that begins with SHERD_ is handed to the Worker (docs/configuration.md).`;

/** Reads the command line. Relative folders are relative to `cwd`. */
export function parseCommandLine(args: string[], cwd: string): CommandLine {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (error) {
    // parseArgs throws for unknown arguments; the first sentence of its message names the argument.
    const [first = ""] = String(error instanceof Error ? error.message : error).split(/\. |\n/);
    return { kind: "refused", message: `${first.replace(/\.$/, "")} (--help lists the options)` };
  }
  if (values.help) return { kind: "help" };
  const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : Number.NaN;
  if (!(port <= 65_535)) return { kind: "refused", message: `--port must be 0 to 65535, not "${values.port}"` };
  const processes = /^\d{1,3}$/.test(values.processes) ? Number(values.processes) : Number.NaN;
  if (!(processes >= 1 && processes <= processesMax)) {
    return { kind: "refused", message: `--processes must be 1 to ${processesMax}, not "${values.processes}"` };
  }
  if (values.host === "") return { kind: "refused", message: "--host must not be empty" };
  if (values.data === "") return { kind: "refused", message: "--data must not be empty" };
  if (values.log !== "text" && values.log !== "json") {
    return { kind: "refused", message: `--log must be text or json, not "${values.log}"` };
  }
  const { host, data, quiet, log, "tls-cert": cert, "tls-key": key, "access-log": accessLog } = values;
  if ((cert === undefined) !== (key === undefined)) {
    return { kind: "refused", message: "--tls-cert and --tls-key go together: give both or neither" };
  }
  const tls = cert && key ? { tls: { certPath: resolve(cwd, cert), keyPath: resolve(cwd, key) } } : {};
  const file = accessLog ? { accessLog: resolve(cwd, accessLog) } : {};
  const form: StartOptions["log"] = log;
  const where = { host, port, dataDir: resolve(cwd, data), ...tls, ...file };
  const options = { ...where, processes, quiet, log: form, isNew: values.new };
  return { kind: "start", options };
}

/** Throws the errors of `parseArgs`. */
function parse(args: string[]) {
  const { values } = parseArgs({
    args,
    strict: true,
    allowPositionals: false,
    options: {
      host: { type: "string", default: "127.0.0.1" },
      port: { type: "string", default: "9000" },
      data: { type: "string", default: "sherd-data" },
      processes: { type: "string", default: `${Math.min(availableParallelism(), defaultProcessesMax)}` },
      quiet: { type: "boolean", default: false },
      log: { type: "string", default: "text" },
      "access-log": { type: "string" },
      "tls-cert": { type: "string" },
      "tls-key": { type: "string" },
      new: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  return values;
}

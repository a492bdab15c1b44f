import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { type AddressInfo, createServer, type Server as Listener } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { allowsPrivate } from "../src/topics/open-topics.ts";
import type { ServerModules } from "./build/modules.ts";
import { DRIVE_LINK, linkDrive, makeDriveRoots } from "./host/drive-roots.ts";
import { type HostAnswer, HostService } from "./host/host-service.ts";
import { listenRefusal, probeListenAddress } from "./listen-address.ts";
import { StartError, systemCode } from "./start-error.ts";
import { CLIENT_SOCKET, COUNTS_SOCKET, variableEnvironment, writeConfigs } from "./workerd/config.ts";
import { type MetadataClient, metadataClient } from "./workerd/metadata-client.ts";
import { type SupervisedWorkerd, WorkerdGroup, type WorkerdOptions } from "./workerd/supervisor.ts";

export interface ServerOptions {
  /** The project's folder. */
  root: string;
  /** Called once: the modules are large and are not kept. */
  modules: () => ServerModules;
  host: string;
  port: number;
  /** Files of a certificate (PEM, its chain after it) and its key; absent: plain HTTP. */
  tls?: { certPath: string; keyPath: string };
  /** How many processes serve clients. */
  fronts: number;
  metadataPath: string;
  drivePaths: string[];
  /** Whether a drive's folder may be used at the start; absent: all may. */
  isUsable?: (drivePath: string) => boolean;
  /** For temporary files of the server. Nobody else may enter it. */
  temporaryPath: string;
  /** Plain-text variables of the Worker. */
  vars: Record<string, string>;
  /** The launcher's answers to the Workers of this machine; see `HostService`. */
  answerHost: HostAnswer;
  /** Awaited as soon as the metadata answer, before the first client is served. */
  beforeClients: (metadata: MetadataClient) => Promise<void>;
  /** One message of the Worker or of workerd. */
  onLog: (level: string, message: string) => void;
  /**
   * Called with the process ids of its workerds, that of the metadata first: once all have started,
   * and after each restart.
   */
  onProcesses: (workerdPids: number[]) => void;
  /**
   * Called if a supervising process has ended although nobody stopped the server: a part of it is
   * gone permanently.
   */
  onLost: () => void;
}

/**
 * A running server: one workerd with the metadata and the background work, and several that serve
 * clients.
 */
export interface Server {
  /** Its port. */
  port: number;
  /** Sockets for the counts of the Worker in each process, by the name of the process. */
  countsSockets: ReadonlyMap<string, string>;
  /** Unix sockets on which the metadata and `answerHost` answer. */
  sockets: { metadata: string; host: string };
  /** Gives the processes access to a drive, by its index in `drivePaths`, or takes it away. */
  setUsable(drive: number, isUsable: boolean): void;
  /** Their paths to the drives: broken links for drives that may not be used. */
  drivePaths: string[];
  /** Runs the `scheduled` handler once, as the cron trigger does. Rejects if it fails. */
  runScheduled(cron: string, now: Date): Promise<void>;
  /**
   * Completes the present requests, for at most `graceMs`, and ends. Resolves with whether every
   * workerd since the start has ended by itself: a killed one may have left unfinished files on the
   * drives.
   */
  stop(graceMs: number): Promise<boolean>;
}

/** Tells the Worker where the drives are below its disk bindings. */
const DISK_FOLDER_VARIABLE = "SHERD_DISK_FOLDER";
/**
 * Time for the process of the metadata to end. Only a scheduled run may be under way in it then.
 */
const METADATA_GRACE_MS = 1_000;
/** The longest path of a Unix socket that every system accepts. */
const SOCKET_PATH_BYTES_MAX = 100;
/** A signal to all processes at once may end others before this one receives it. */
const SIGNAL_SPREAD_MS = 1_000;

/**
 * Starts the server. workerd runs a Worker on one thread, so each front is a process of its own.
 * All listen on one port, as isolates of Cloudflare share an address. Rejects with a StartError if
 * the address cannot be listened on, and with workerd's message if workerd cannot start.
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { metadataPath, onLog } = options;
  const vars = { ...options.vars, [DISK_FOLDER_VARIABLE]: DRIVE_LINK, SHERD_FRONTS: String(options.fronts) };
  const path = await mkdtemp(join(options.temporaryPath, "run-"));
  const socketsPath = await socketsFolder(path);
  const group = new WorkerdGroup(options.root, [path, socketsPath]);
  const own = (number: number) => join(socketsPath, `${number}`);
  for (let number = 0; number <= options.fronts; number++) await mkdir(own(number), { recursive: true });
  const sockets = {
    host: join(socketsPath, "host.sock"),
    metadata: join(own(0), "metadata.sock"),
    schedule: join(own(0), "schedule.sock"),
    counts: join(own(0), "counts.sock"),
  };
  const hostService = await HostService.listen(sockets.host, options.answerHost);
  const driveRoots = await makeDriveRoots(path, options.drivePaths, options.isUsable ?? (() => true));
  const folder = await writeConfigs(path, {
    ...options.modules(),
    metadataPath,
    driveRoots,
    sockets,
    webhooksReachPrivate: allowsPrivate(vars),
    variables: Object.keys(vars),
    ...(options.tls ? { tls: options.tls } : {}),
  });
  const countsSockets = new Map([["metadata", sockets.counts]]);
  const running: SupervisedWorkerd[] = [];
  let isStopping = false;
  const tellProcesses = () => options.onProcesses(running.flatMap((workerd) => workerd.pid() ?? []));
  const onEnd = () => void setTimeout(() => isStopping || options.onLost(), SIGNAL_SPREAD_MS);
  const start = (number: number, more: Pick<WorkerdOptions, "args" | "listenFd">) => {
    const environment = variableEnvironment(Object.values(vars));
    return group.start({ ...more, unixSockets: own(number), environment, onLog, onRestart: tellProcesses, onEnd });
  };
  const startFront = (number: number, listener: Listener) => {
    const counts = join(own(number), "counts.sock");
    countsSockets.set(`front-${number}`, counts);
    const given = [`--socket-fd=${CLIENT_SOCKET}=4`, `--socket-addr=${COUNTS_SOCKET}=unix:${counts}`];
    return start(number, { args: [...given, folder.frontConfig], listenFd: descriptorOf(listener) });
  };
  const stop = async (graceMs: number) => {
    isStopping = true;
    const [metadata, ...fronts] = running;
    const ended = await Promise.all(fronts.map((front) => front.stop(graceMs)));
    ended.push((await metadata?.stop(METADATA_GRACE_MS)) ?? true);
    group.close();
    hostService.close();
    for (const left of [path, socketsPath]) await rm(left, { recursive: true, force: true });
    return !ended.includes(false);
  };
  try {
    running.push(await start(0, { args: [folder.metadataConfig] }));
    await options.beforeClients(metadataClient(sockets.metadata));
    const listeners = await listen(options);
    const { port } = listeners[0].address() as AddressInfo;
    const starting = Array.from({ length: options.fronts }, (_, index) =>
      startFront(index + 1, listeners[index] ?? listeners[0]),
    );
    // The fronts have the sockets now; new connections wait for them.
    for (const listener of listeners) listener.close();
    const started = await Promise.allSettled(starting);
    for (const result of started) if (result.status === "fulfilled") running.push(result.value);
    for (const result of started) if (result.status === "rejected") throw result.reason;
    tellProcesses();
    return {
      port,
      countsSockets,
      sockets,
      setUsable: (drive, isUsable) => {
        const [root, drivePath] = [driveRoots[drive], options.drivePaths[drive]];
        if (root !== undefined && drivePath !== undefined) linkDrive(root, isUsable ? drivePath : null);
      },
      drivePaths: driveRoots.map((root) => join(root, DRIVE_LINK)),
      runScheduled: (cron, now) => runScheduled(sockets.schedule, cron, now),
      stop,
    };
  } catch (error) {
    await stop(0);
    throw error;
  }
}

/**
 * Folder of the sockets: `path`, unless their paths would be too long there. Only sockets are below
 * /tmp, because programs that clean it spare sockets in use, but not files, and a restarted workerd
 * needs its configuration.
 */
async function socketsFolder(path: string): Promise<string> {
  const isShort = Buffer.byteLength(join(path, "0", "metadata.sock")) <= SOCKET_PATH_BYTES_MAX;
  return isShort ? path : await mkdtemp("/tmp/sherd-");
}

/**
 * Linux spreads connections evenly over sockets on one port, one socket per front. On other
 * systems, and with Node before 22.12, the fronts share one socket: the first that is ready takes
 * the waiting connections, perhaps all of them.
 */
async function listen({ host, port, fronts }: ServerOptions): Promise<[Listener, ...Listener[]]> {
  const reusePort = process.platform === "linux" && canReusePort();
  // Sockets that share a port do not reveal that another server has been started on it meanwhile.
  if (reusePort) await probeListenAddress(host, port);
  const first = await listenOnce(host, { port, reusePort });
  const shared = { port: (first.address() as AddressInfo).port, reusePort };
  const others = Array.from({ length: reusePort ? fronts - 1 : 0 }, () => listenOnce(host, shared));
  return [first, ...(await Promise.all(others))];
}

function canReusePort(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  return major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
}

async function listenOnce(host: string, where: { port: number; reusePort: boolean }): Promise<Listener> {
  const listener = createServer((socket) => socket.destroy());
  try {
    listener.listen({ host: host === "localhost" ? "127.0.0.1" : host, exclusive: true, ...where });
    await once(listener, "listening");
    return listener;
  } catch (error) {
    throw new StartError(listenRefusal(host, where.port, systemCode(error) ?? String(error)));
  }
}

/** Node has no public name for it; without it the socket could not be passed on. */
function descriptorOf(listener: Listener): number {
  const { _handle: handle } = listener as unknown as { _handle?: { fd?: number } };
  if (handle?.fd === undefined || handle.fd < 0) throw new Error("this Node does not tell the descriptor of a socket");
  return handle.fd;
}

function runScheduled(socketPath: string, cron: string, now: Date): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method: "POST", path: "/" }, (response) => {
      text(response).then((said) => {
        if (said === '{"outcome":"ok"}') resolve();
        else reject(new Error(`status ${response.statusCode}: ${said}`));
      }, reject);
    });
    call.on("error", reject);
    call.end(JSON.stringify({ cron, scheduledTimeMs: now.getTime() }));
  });
}

import { readFileSync } from "node:fs";
import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { WorkerModules } from "../build/bundle.ts";
import type { ServerModules } from "../build/modules.ts";
import { compatibilityDate } from "../compatibility.ts";

/** The parts of a server's processes. */
export interface ServerParts extends ServerModules {
  metadataPath: string;
  /** Result of `makeDriveRoots`. */
  driveRoots: string[];
  sockets: ServerSockets;
  /** Files of the certificate and its key; absent: plain HTTP. */
  tls?: { certPath: string; keyPath: string };
  /** Whether subscriptions of topics may name endpoints with private addresses. */
  webhooksReachPrivate: boolean;
  /** Names of the Worker's variables: their values come from `variableEnvironment`, so that no secret is in a file. */
  variables: string[];
}

/** Paths of the Unix sockets. Nobody else may enter their folders: no key is needed to use them. */
export interface ServerSockets {
  /** Of the launcher. */
  host: string;
  /** Of the metadata's process: D1, the schedule, and the counts of its Worker. */
  metadata: string;
  schedule: string;
  counts: string;
}

/** Paths in the folder of a running server. */
export interface ServerFolder {
  /** Configurations of the process with the metadata, and of those that serve clients. */
  metadataConfig: string;
  frontConfig: string;
}

/**
 * Name of the socket for the counts of a process's Worker. Each front has its own, given by its
 * arguments.
 */
export const COUNTS_SOCKET = "counts";

/**
 * workerd embeds files by paths below its configuration only. These are links, so the key stays in
 * its place.
 */
const TLS_LINKS = { keyPath: "tls-key.pem", certPath: "tls-cert.pem" } as const;

/** Name of the socket that fronts serve, passed to them as a descriptor. */
export const CLIENT_SOCKET = "clients";

/**
 * Writes configurations in workerd's own form (https://github.com/cloudflare/workerd, workerd.capnp) into `path`.
 */
export async function writeConfigs(path: string, parts: ServerParts): Promise<ServerFolder> {
  const folder: ServerFolder = {
    metadataConfig: join(path, "metadata.capnp"),
    frontConfig: join(path, "front.capnp"),
  };
  const { metadataPath, driveRoots, sockets } = parts;
  const modules = {
    worker: await writeModules(join(path, "worker"), parts.worker),
    metadata: await writeModules(join(path, "metadata-service"), parts.metadataService),
    schedule: await writeModules(join(path, "schedule-service"), parts.scheduleService),
  };
  if (parts.tls) {
    for (const file of ["keyPath", "certPath"] as const) await symlink(parts.tls[file], join(path, TLS_LINKS[file]));
  }
  const consoleServices = parts.consolePath ? [await consoleFolder(parts.consolePath, join(path, "console"))] : [];
  const databasePath = join(metadataPath, "d1");
  await mkdir(databasePath, { recursive: true });
  const databaseFolder = `(name = "database", disk = (path = ${text(databasePath)}, writable = true))`;
  const host = external("host", sockets.host);
  const shared = [host, internet(), webhooks(parts.webhooksReachPrivate), ...driveRoots.map(drive)];
  await writeFile(
    folder.metadataConfig,
    config(
      [
        worker(modules.worker, parts),
        ...shared,
        database("metadata", modules.metadata),
        databaseFolder,
        `(name = "schedule", worker = (${modules.schedule}, ${compatibility("service_binding_extra_handlers")},
          bindings = [(name = "SHERD", service = "worker")]))`,
      ],
      [
        unixSocket("metadata", sockets.metadata),
        unixSocket("schedule", sockets.schedule),
        countsSocket(`unix:${sockets.counts}`),
      ],
    ),
  );
  await writeFile(
    folder.frontConfig,
    config(
      [
        worker(modules.worker, parts, READS, BATCHES, ...(parts.consolePath ? [CONSOLE] : [])),
        ...shared,
        ...consoleServices,
        external("metadata", sockets.metadata),
        database(READER, modules.metadata),
        databaseFolder,
      ],
      [clientSocket(parts), countsSocket("")],
    ),
  );
  return folder;
}

/** The environment with the values of the Worker's variables, in the order of `variables`. */
export function variableEnvironment(values: readonly string[]): Record<string, string> {
  return Object.fromEntries(values.map((value, index) => [environmentName(index), value]));
}

/**
 * Shells pass on only names that are valid in a shell. Names of the Worker's variables need not be.
 */
function environmentName(index: number): string {
  return `WORKER_VARIABLE_${index + 1}`;
}

function config(services: string[], sockets: string[]): string {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    ${services.join(",\n    ")}
  ],
  sockets = [${sockets.join(", ")}],
  logging = (structuredLogging = true)
);
`;
}

/** The service of a front that opens the same file as the metadata's process, and its binding. */
const READER = "metadata-reader";
const READS = `(name = "DB_READS", durableObjectNamespace = (className = "D1DatabaseObject", serviceName = "${READER}"))`;

/** D1's binding leads to the same service. */
const BATCHES = `(name = "DB_BATCHES", service = "metadata")`;

const CONSOLE = `(name = "CONSOLE", service = "console")`;

/** The console's files are copied: their build may be removed while the server runs. */
async function consoleFolder(builtPath: string, path: string): Promise<string> {
  await cp(builtPath, path, { recursive: true });
  return `(name = "console", disk = (path = ${text(path)}))`;
}

/** The database in a Durable Object. Two processes may have it open; only one of them writes. */
function database(name: string, modules: string): string {
  return `(name = "${name}", worker = (${modules}, ${compatibility()},
          durableObjectNamespaces = [(className = "D1DatabaseObject", uniqueKey = "miniflare-D1DatabaseObject", enableSql = true, preventEviction = true)],
          durableObjectStorage = (localDisk = "database"),
          bindings = [(name = "DATABASE", durableObjectNamespace = "D1DatabaseObject")]))`;
}

function worker(modules: string, { driveRoots, variables }: ServerParts, ...more: string[]): string {
  const bindings = [
    ...variables.map((name, index) => `(name = ${text(name)}, fromEnvironment = ${text(environmentName(index))})`),
    ...driveRoots.map((_, index) => `(name = "DRIVE_${index + 1}", service = "drive-${index + 1}")`),
    `(name = "HOST", service = "host")`,
    `(name = "WEBHOOKS", service = "webhooks")`,
    `(name = "DB", wrapped = (moduleName = "cloudflare-internal:d1-api", innerBindings = [(name = "fetcher", service = "metadata")]))`,
    ...more,
  ];
  return `(name = "worker", worker = (${modules}, ${compatibility()}, bindings = [
      ${bindings.join(",\n      ")}]))`;
}

function drive(path: string, index: number): string {
  return `(name = "drive-${index + 1}", disk = (path = ${text(path)}, writable = true))`;
}

/** Destinations of the Worker's own requests: drives at other providers, and on this machine. */
function internet(): string {
  return network("internet", ["public", "private"]);
}

/**
 * Network for endpoints of topics' subscriptions. workerd resolves their names itself and never
 * connects to a forbidden address, whatever the name.
 */
export function webhooks(reachPrivate: boolean): string {
  return network("webhooks", reachPrivate ? ["public", "private"] : ["public"]);
}

function network(name: string, allow: string[]): string {
  const certificates = extraCertificates().map(text).join(", ");
  return `(name = "${name}", network = (allow = [${allow.map(text).join(", ")}],
      tlsOptions = (trustBrowserCas = true, trustedCertificates = [${certificates}])))`;
}

/**
 * The certificates that Node trusts besides its own. A file that cannot be read is ignored: Node
 * has warned of it.
 */
function extraCertificates(): string[] {
  const path = process.env.NODE_EXTRA_CA_CERTS;
  if (!path) return [];
  try {
    return readFileSync(path, "utf8").match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  } catch {
    return [];
  }
}

function external(name: string, socketPath: string): string {
  return `(name = ${text(name)}, external = (address = ${text(`unix:${socketPath}`)}, http = ()))`;
}

function clientSocket({ tls }: ServerParts): string {
  const protocol = tls
    ? `https = (tlsOptions = (keypair = (
        privateKey = embed ${text(TLS_LINKS.keyPath)}, certificateChain = embed ${text(TLS_LINKS.certPath)})))`
    : "http = ()";
  return `(name = ${text(CLIENT_SOCKET)}, ${protocol}, service = "worker")`;
}

function countsSocket(address: string): string {
  const from = address === "" ? "" : `address = ${text(address)}, `;
  return `(name = ${text(COUNTS_SOCKET)}, ${from}http = (), service = (name = "worker", entrypoint = "counts"))`;
}

function unixSocket(service: string, path: string): string {
  return `(name = "${service}", address = ${text(`unix:${path}`)}, http = (), service = "${service}")`;
}

function compatibility(...flags: string[]): string {
  return `compatibilityDate = "${compatibilityDate}", compatibilityFlags = [${flags.map(text).join(", ")}]`;
}

/** Writes the modules into `path` and returns the `modules` field that names them. */
async function writeModules(path: string, { entry, script, wasm }: WorkerModules): Promise<string> {
  await mkdir(path, { recursive: true });
  const from = basename(path);
  const modules = [`(name = ${text(entry)}, esModule = embed ${text(join(from, entry))})`];
  await writeFile(join(path, entry), script);
  for (const [name, contents] of wasm) {
    await writeFile(join(path, name), contents);
    modules.push(`(name = ${text(name)}, wasm = embed ${text(join(from, name))})`);
  }
  return `modules = [${modules.join(", ")}]`;
}

/** A string of Cap'n Proto's text form, which has JSON's escapes except `\u`. */
function text(value: string): string {
  return JSON.stringify(value).replace(/\\(\\|u00(..))/g, (found, _, digits) => (digits ? `\\x${digits}` : found));
}

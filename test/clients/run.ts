import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ansibleClient } from "./ansible.ts";
import { awsCli2Client, awsCliClient } from "./aws-cli.ts";
import { boto3Client } from "./boto3.ts";
import type { Client, JobResult, Stage } from "./client.ts";
import { crashClient } from "./crash.ts";
import { curlClient } from "./curl.ts";
import { degradedClient } from "./degraded.ts";
import { duckDbClient } from "./duckdb.ts";
import { eleventyClient } from "./eleventy.ts";
import { goSdkClient, minioGoClient } from "./go.ts";
import { hadoopClient } from "./hadoop.ts";
import { closeEnvironment } from "./install.ts";
import { javaSdkClient, minioJavaClient } from "./java.ts";
import { jsEventsClient } from "./js-events.ts";
import { celeryClient, dvcClient, tablesClient, toolsClient, wranglerClient } from "./lake.ts";
import { libs3Client } from "./libs3.ts";
import { litestreamClient } from "./litestream.ts";
import { mcClient } from "./mc.ts";
import { prometheusClient } from "./prometheus.ts";
import { proxiesClient } from "./proxies.ts";
import { rcloneClient } from "./rclone.ts";
import { resticClient } from "./restic.ts";
import { retentionClient } from "./retention.ts";
import { s3cmdClient } from "./s3cmd.ts";
import { s3fsClient } from "./s3fs.ts";
import { sdkJsClient } from "./sdk-js.ts";
import { type RunningServer, startServer, stopAllServers } from "./server.ts";
import { Preparations, type Prepared, Turns, type Voice } from "./side-by-side.ts";

const USAGE = `Real S3 clients do real work against servers of this project.

  npm run test:clients -- [--only NAME[,NAME]] [--with NAME[,NAME]] [--jobs N] [--json FILE] [--fresh]
                          [--endpoint URL --key ID --secret SECRET]

--only      these clients only; those that take minutes run only if they are named
--with      these besides those that run anyway
--jobs      so many clients at the same time, each with a server of its own; 1 unless said
--json      writes the results to a file
--fresh     asks the registries for newer clients, even if they were asked today
--endpoint  a server that runs already (one client at a time then, and none that kills servers)
`;

const NOTICE_MS = 3_000;
const STOP_MS_MAX = 15_000;

const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    with: { type: "string" },
    jobs: { type: "string", default: "1" },
    json: { type: "string" },
    fresh: { type: "boolean", default: false },
    endpoint: { type: "string" },
    key: { type: "string" },
    secret: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

/**
 * The order in which they begin. Those that need no installation first: they run while others are installed. Then the longest ones, so
 * that at the end all lanes have something to do.
 */
const clients: readonly Client[] = [
  degradedClient(),
  prometheusClient(),
  awsCliClient(options.fresh),
  crashClient(options.fresh),
  boto3Client(options.fresh),
  s3cmdClient(options.fresh),
  ansibleClient(options.fresh),
  rcloneClient(options.fresh),
  retentionClient(options.fresh),
  duckDbClient(options.fresh),
  eleventyClient(options.fresh),
  dvcClient(options.fresh),
  hadoopClient(),
  resticClient(),
  javaSdkClient(),
  minioJavaClient(),
  goSdkClient(),
  minioGoClient(),
  mcClient(),
  tablesClient(options.fresh),
  toolsClient(options.fresh),
  celeryClient(options.fresh),
  wranglerClient(options.fresh),
  awsCli2Client(),
  sdkJsClient(),
  jsEventsClient(),
  litestreamClient(),
  s3fsClient(),
  libs3Client(),
  curlClient(),
  proxiesClient(),
];

type Line = JobResult & { readonly client: string };

process.exitCode = options.help
  ? usage()
  : await main().catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
      return 1;
    });

function usage(): number {
  process.stdout.write(USAGE);
  return 0;
}

async function main(): Promise<number> {
  const chosen = chosenClients();
  const jobs = Number(options.jobs);
  if (!Number.isInteger(jobs) || jobs < 1) throw new Error(`--jobs ${options.jobs}: a number from 1`);
  const root = await mkdtemp(join(tmpdir(), "sherd-clients-"));
  const run: Run = {
    preparations: new Preparations(chosen, closeEnvironment),
    turns: new Turns((text) => process.stdout.write(text)),
    lines: [],
  };
  cleanUpOnSignals(root, run.turns);
  // Clients on a server that is not ours would meet one another's buckets and users.
  const lanes = options.endpoint === undefined ? Math.min(jobs, chosen.length) : 1;
  try {
    const opened: Opened[] = [];
    for (let lane = 0; lane < lanes; lane++) opened.push(await openStage(join(root, `lane-${lane}`)));
    await Promise.all(opened.map((lane) => runLane(run, lane)));
  } finally {
    await stopAllServers(STOP_MS_MAX);
    await rm(root, { recursive: true, force: true });
  }
  const place = ({ client }: Line) => chosen.findIndex(({ name }) => name === client);
  run.lines.sort((a, b) => place(a) - place(b));
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(run.lines, null, 2)}\n`);
  return summarise(run.lines);
}

function chosenClients(): readonly Client[] {
  const named = (list: string | undefined) => list?.split(",") ?? [];
  const [only, besides] = [named(options.only), named(options.with)];
  const unknown = [...only, ...besides].filter((name) => !clients.some((client) => client.name === name));
  if (unknown.length > 0) {
    const names = clients.map(({ name, slow }) => (slow ? `${name} (slow)` : name));
    throw new Error(`no client is called ${unknown.join(" or ")}; the clients are ${names.join(", ")}`);
  }
  const runsAnyway = ({ name, slow }: Client) => (options.only === undefined ? !slow : only.includes(name));
  return clients.filter((client) => runsAnyway(client) || besides.includes(client.name));
}

interface Run {
  readonly preparations: Preparations;
  readonly turns: Turns;
  /** What all clients have reported so far. */
  readonly lines: Line[];
}

/** One client after the other, against one server, until none is left. */
async function runLane(run: Run, { stage, server }: Opened): Promise<void> {
  for (let next = await nextOf(run); next !== undefined; next = await nextOf(run)) {
    const voice = run.turns.begin();
    const lines = await runClient(next, stage, voice);
    run.lines.push(...lines);
    if (lines.some(({ status }) => status === "failed") && server !== undefined) printOutput(server, voice);
    voice.end();
  }
}

/** The first installation may take minutes, in which nothing else would be printed. */
async function nextOf({ preparations }: Run): Promise<Prepared | undefined> {
  const notice = () => process.stdout.write(`${preparations.current} is looked for, or installed\n`);
  const timer = setTimeout(notice, NOTICE_MS);
  return preparations.next().finally(() => clearTimeout(timer));
}

/** A run that is ended from outside leaves neither servers nor their data. Whoever sent the signal may kill what does not end in five seconds. */
function cleanUpOnSignals(root: string, turns: Turns): void {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)
    process.once(signal, async () => {
      turns.printAll();
      process.stderr.write(`${signal}: the servers are stopped\n`);
      await stopAllServers(3_000);
      await rm(root, { recursive: true, force: true }).catch(() => {});
      process.exit(code);
    });
}

interface Opened {
  readonly stage: Stage;
  /** Undefined for a server that is not ours. */
  readonly server: RunningServer | undefined;
}

async function openStage(folder: string): Promise<Opened> {
  const region = "us-east-1";
  if (options.endpoint !== undefined) {
    const [accessKeyId, secretAccessKey] = [options.key ?? "", options.secret ?? ""];
    return {
      stage: { endpoint: options.endpoint, accessKeyId, secretAccessKey, region, folder, ownServer: false },
      server: undefined,
    };
  }
  const accessKeyId = `AKIA${randomBytes(8).toString("hex").toUpperCase()}`;
  const secretAccessKey = randomBytes(30).toString("base64");
  const variables = {
    // A class besides STANDARD that objects can be moved to.
    SHERD_STORAGE_CLASSES: "STANDARD=4+2, GLACIER_IR=2+1",
    // Jobs wait for inventories and log objects, which runs of the background jobs make.
    SHERD_CRON_SECONDS: "10",
    // The jobs' webhooks are on this machine.
    SHERD_WEBHOOK_PRIVATE: "1",
  };
  const server = await startServer({
    dataFolder: join(folder, "data"),
    port: 0,
    accessKeyId,
    secretAccessKey,
    variables,
  });
  return {
    stage: { endpoint: server.endpoint, accessKeyId, secretAccessKey, region, folder, ownServer: true },
    server,
  };
}

/** What becomes of one client: a line for each job. A client that breaks off has one failed line more. */
async function runClient({ client, outcome }: Prepared, stage: Stage, voice: Voice): Promise<readonly Line[]> {
  const lines: Line[] = [];
  const record = (result: JobResult) => lines.push(print({ client: client.name, ...result }, voice));
  const broken = (error: unknown) =>
    record({ job: "all", ms: 0, status: "failed", output: `${error instanceof Error ? error.stack : error}` });
  if (outcome.status === "rejected") broken(outcome.reason);
  else if (!outcome.value.ready) {
    const { why } = outcome.value;
    const mustBeHere = client.required && process.env.CI === "true";
    if (mustBeHere) broken(`cannot be had: ${why}`);
    else record({ job: "all", ms: 0, status: "skipped", why });
  } else {
    voice.print(`${client.name} ${outcome.value.version}\n`);
    const folder = join(stage.folder, client.name);
    await mkdir(folder, { recursive: true });
    await client.run({ ...stage, folder }, record).catch(broken);
    await rm(folder, { recursive: true, force: true });
  }
  return lines;
}

function print(line: Line, voice: Voice): Line {
  const name = `  ${line.client} ${line.job}`;
  const time = `${(line.ms / 1000).toFixed(1)} s`;
  if (line.status === "ok") voice.print(`${name}: ok (${time})${line.note === undefined ? "" : `: ${line.note}`}\n`);
  else if (line.status === "skipped") voice.print(`${name}: skipped: ${line.why}\n`);
  else voice.print(`${name}: FAILED (${time})\n${line.output.trim().replace(/^/gm, "      ")}\n`);
  return line;
}

/** What the client's server has printed since it started. */
function printOutput(server: RunningServer, voice: Voice): void {
  // The start page is long and says nothing about a failure.
  const output = server.output().split("Ctrl-C stops it.")[1]?.trim() ?? "";
  if (output !== "") voice.print(`\nWhat the server printed:\n${output.slice(-6000)}\n`);
}

function summarise(lines: readonly Line[]): number {
  const count = (status: JobResult["status"]) => lines.filter((line) => line.status === status).length;
  for (const line of lines) if (line.status === "failed") process.stdout.write(`failed: ${line.client} ${line.job}\n`);
  for (const line of lines)
    if (line.status === "skipped") process.stdout.write(`skipped: ${line.client} ${line.job}: ${line.why}\n`);
  const skipped = count("skipped");
  process.stdout.write(
    `${count("ok")} passed, ${count("failed")} failed${skipped === 0 ? "" : `, ${skipped} skipped`}\n`,
  );
  return count("failed") === 0 && count("ok") > 0 ? 0 : 1;
}

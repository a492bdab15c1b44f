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

const USAGE = `Real S3 clients do real work against a server of this project.

  npm run test:clients -- [--only NAME[,NAME]] [--json FILE] [--fresh]
                          [--endpoint URL --key ID --secret SECRET]

--only      these clients only; those that take minutes run only if they are named
--json      writes the results to a file
--fresh     asks the registries for newer clients, even if they were asked today
--endpoint  a server that runs already (tests that kill servers are left out then)
`;

const NOTICE_MS = 3_000;

const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    json: { type: "string" },
    fresh: { type: "boolean", default: false },
    endpoint: { type: "string" },
    key: { type: "string" },
    secret: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

const clients: readonly Client[] = [
  boto3Client(options.fresh),
  awsCliClient(options.fresh),
  awsCli2Client(),
  s3cmdClient(options.fresh),
  rcloneClient(options.fresh),
  sdkJsClient(),
  jsEventsClient(),
  goSdkClient(),
  minioGoClient(),
  javaSdkClient(),
  minioJavaClient(),
  ansibleClient(options.fresh),
  resticClient(),
  litestreamClient(),
  duckDbClient(options.fresh),
  eleventyClient(options.fresh),
  s3fsClient(),
  tablesClient(options.fresh),
  toolsClient(options.fresh),
  celeryClient(options.fresh),
  wranglerClient(options.fresh),
  libs3Client(),
  dvcClient(options.fresh),
  hadoopClient(),
  mcClient(),
  curlClient(),
  proxiesClient(),
  prometheusClient(),
  degradedClient(),
  crashClient(options.fresh),
  retentionClient(options.fresh),
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
  const wanted = options.only?.split(",");
  const unknown = wanted?.filter((name) => !clients.some((client) => client.name === name)) ?? [];
  if (unknown.length > 0) {
    const names = clients.map(({ name, slow }) => (slow ? `${name} (slow)` : name));
    process.stderr.write(`--only ${unknown.join(",")}: the clients are ${names.join(", ")}\n`);
    return 2;
  }
  const chosen = clients.filter(({ name, slow }) => (wanted === undefined ? !slow : wanted.includes(name)));
  const root = await mkdtemp(join(tmpdir(), "sherd-clients-"));
  cleanUpOnSignals(root);
  let server: RunningServer | undefined;
  const lines: Line[] = [];
  try {
    const opened = await openStage(root);
    server = opened.server;
    for (const client of chosen) await runClient(client, opened.stage, (line) => lines.push(print(line)));
    if (lines.some(({ status }) => status === "failed") && server !== undefined) printOutput(server);
  } finally {
    await server?.stop();
    await rm(root, { recursive: true, force: true });
  }
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(lines, null, 2)}\n`);
  return summarise(lines);
}

/** A run that is ended from outside leaves neither servers nor their data. Whoever sent the signal may kill what does not end in five seconds. */
function cleanUpOnSignals(root: string): void {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)
    process.once(signal, async () => {
      process.stderr.write(`${signal}: the servers are stopped\n`);
      await stopAllServers(3_000);
      await rm(root, { recursive: true, force: true }).catch(() => {});
      process.exit(code);
    });
}

async function openStage(root: string): Promise<{ stage: Stage; server: RunningServer | undefined }> {
  const region = "us-east-1";
  if (options.endpoint !== undefined) {
    const [accessKeyId, secretAccessKey] = [options.key ?? "", options.secret ?? ""];
    return {
      stage: { endpoint: options.endpoint, accessKeyId, secretAccessKey, region, folder: root, ownServer: false },
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
    dataFolder: join(root, "data"),
    port: 0,
    accessKeyId,
    secretAccessKey,
    variables,
  });
  return {
    stage: { endpoint: server.endpoint, accessKeyId, secretAccessKey, region, folder: root, ownServer: true },
    server,
  };
}

async function runClient(client: Client, stage: Stage, record: (line: Line) => void): Promise<void> {
  // The first installation may take minutes, in which nothing else would be printed.
  const notice = setTimeout(() => process.stdout.write(`${client.name} is looked for, or installed\n`), NOTICE_MS);
  const ready = await client.prepare().finally(() => clearTimeout(notice));
  if (!ready.ready) {
    const missing = { client: client.name, job: "all", ms: 0 };
    const mustBeHere = client.required && process.env.CI === "true";
    record(
      mustBeHere
        ? { ...missing, status: "failed", output: `cannot be had: ${ready.why}` }
        : { ...missing, status: "skipped", why: ready.why },
    );
    return;
  }
  process.stdout.write(`${client.name} ${ready.version}\n`);
  const folder = join(stage.folder, client.name);
  await mkdir(folder, { recursive: true });
  await client.run({ ...stage, folder }, (result) => record({ client: client.name, ...result }));
  await rm(folder, { recursive: true, force: true });
}

function print(line: Line): Line {
  const name = `  ${line.client} ${line.job}`;
  const time = `${(line.ms / 1000).toFixed(1)} s`;
  if (line.status === "ok")
    process.stdout.write(`${name}: ok (${time})${line.note === undefined ? "" : `: ${line.note}`}\n`);
  else if (line.status === "skipped") process.stdout.write(`${name}: skipped: ${line.why}\n`);
  else process.stdout.write(`${name}: FAILED (${time})\n${line.output.trim().replace(/^/gm, "      ")}\n`);
  return line;
}

function printOutput(server: RunningServer): void {
  // The start page is long and says nothing about a failure.
  const output = server.output().split("Ctrl-C stops it.")[1]?.trim() ?? "";
  if (output !== "") process.stdout.write(`\nWhat the server printed:\n${output.slice(-6000)}\n`);
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

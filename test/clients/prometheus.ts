import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { type Client, runJobs, Skip, type Stage } from "./client.ts";
import { command } from "./command.ts";
import { equal } from "./expect.ts";
import { installSystem, versionOf } from "./install.ts";
import { freePort, projectFolder, type RunningServer, startServer } from "./server.ts";

const rules = join(projectFolder, "docs/prometheus/alerts.yml");
const dashboard = join(projectFolder, "docs/grafana/dashboard.json");
/** As long as a person would watch. */
const SCRAPED_MS = 60_000;

/** A real Prometheus with the alert rules of docs/, scraping a server for a minute. */
export function prometheusClient(): Client {
  return {
    name: "prometheus",
    required: false,
    prepare: async () => {
      const version = () => versionOf(["prometheus", "--version"]).catch(() => null);
      const here = await version();
      if (here !== null) return { ready: true, version: here };
      const installed = await installSystem("prometheus");
      if (!installed.ok) return { ready: false, why: installed.why };
      return { ready: true, version: (await version()) ?? "prometheus" };
    },
    run: runJobs([
      { name: "promtool-check-rules", run: () => promtool("check", "rules", rules) },
      { name: "promtool-test-rules", run: () => promtool("test", "rules", rules.replace(".yml", ".test.yml")) },
      { name: "scrape-for-a-minute", run: scrape },
    ]),
  };
}

async function promtool(...args: string[]): Promise<void> {
  await command(["promtool", ...args]);
}

async function scrape(stage: Stage): Promise<string> {
  if (!stage.ownServer) throw new Skip("it kills a process of a server of its own");
  const { accessKeyId, secretAccessKey } = stage;
  const dataFolder = join(stage.folder, "data");
  const server = await startServer({ dataFolder, port: 0, accessKeyId, secretAccessKey });
  const prometheus = await startPrometheus(stage, server);
  try {
    const sent = await putsOverKeptConnections(stage, server, dataFolder);
    // Two scrapes more.
    await sleep(3_000);
    const ask = (expr: string) => prometheus.query(expr);
    equal(await ask('sum(sherd_requests_total{operation="PutObject",status="200"})'), sent, "PUTs that were counted");
    equal(
      await ask("max(resets(sherd_requests_total[5m])) + max(resets(sherd_d1_rows_read_total[5m]))"),
      0,
      "counters that went back",
    );
    // A scrape may meet the process that is killed.
    equal(await ask("avg_over_time(up[1m]) > bool 0.9"), 1, "whether scrapes worked");
    equal(await ask('sum(sherd_process_restarts_total{process="front-1"})'), 1, "restarts");
    equal(await ask("count(sherd_drive_free_bytes)"), 6, "local drives");
    equal(
      await ask('count(sherd_process_resident_memory_bytes{process=~"launcher|metadata|front-.*"}) > 2'),
      await ask("count(sherd_process_resident_memory_bytes)"),
      "processes",
    );
    for (const health of await prometheus.ruleHealth()) equal(health, "ok", "health of a rule");
    const asked = await dashboardExpressions();
    for (const expr of asked) await ask(expr);
    return `${sent} PUTs, ${asked.length} expressions of the dashboard`;
  } finally {
    await prometheus.stop();
    await server.stop();
  }
}

/** For a minute, over connections to all fronts, one of which is killed meanwhile. Returns how many were answered by 200. */
async function putsOverKeptConnections(stage: Stage, server: RunningServer, dataFolder: string): Promise<number> {
  const { accessKeyId, secretAccessKey, region } = stage;
  const s3 = new S3Client({
    endpoint: server.endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    maxAttempts: 1,
  });
  const Bucket = "watched";
  await s3.send(new CreateBucketCommand({ Bucket }));
  let answered = 0;
  let isPaused = false;
  const untilMs = Date.now() + SCRAPED_MS;
  const put = async (worker: number) => {
    while (Date.now() < untilMs) {
      await sleep(100);
      if (isPaused) continue;
      await s3.send(new PutObjectCommand({ Bucket, Key: `by-${worker}`, Body: "x" })).then(
        () => answered++,
        () => {}, // a connection to the process that was killed
      );
    }
  };
  // While nothing is under way and all has been scraped: what a process counts after that dies with it.
  const killing = sleep(SCRAPED_MS / 2).then(async () => {
    isPaused = true;
    await sleep(4_000);
    await killFront(dataFolder);
    isPaused = false;
  });
  await Promise.all([killing, ...Array.from({ length: 8 }, (_, worker) => put(worker))]);
  s3.destroy();
  return answered;
}

async function killFront(dataFolder: string): Promise<void> {
  const { workerdPids } = JSON.parse(await readFile(join(dataFolder, "sherd.pid"), "utf8")) as {
    workerdPids: number[];
  };
  process.kill(workerdPids[1] as number, "SIGKILL");
}

interface Prometheus {
  /** The value of an expression; NaN where it has none. Throws where it is none, or the answer is not one value. */
  query(expr: string): Promise<number>;
  ruleHealth(): Promise<string[]>;
  stop(): Promise<void>;
}

async function startPrometheus(
  { folder, accessKeyId, secretAccessKey }: Stage,
  server: RunningServer,
): Promise<Prometheus> {
  const port = await freePort();
  const config = {
    global: { scrape_interval: "1s", evaluation_interval: "1s" },
    rule_files: [rules],
    scrape_configs: [
      {
        job_name: "sherd",
        metrics_path: "/-/metrics",
        basic_auth: { username: accessKeyId, password: secretAccessKey },
        static_configs: [{ targets: [new URL(server.endpoint).host] }],
      },
    ],
  };
  const path = join(folder, "prometheus.yml");
  await writeFile(path, JSON.stringify(config)); // JSON is YAML
  const args = [
    `--config.file=${path}`,
    `--storage.tsdb.path=${join(folder, "tsdb")}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const child = spawn("prometheus", args, { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  await ready(child, url);
  const get = async (page: string) => {
    const answer = (await (await fetch(`${url}${page}`)).json()) as { status: string; data: never; error?: string };
    if (answer.status !== "success") throw new Error(`${page}: ${answer.error}`);
    return answer.data;
  };
  return {
    query: async (expr) => {
      const { result } = (await get(`/api/v1/query?query=${encodeURIComponent(expr)}`)) as {
        result: { value: [number, string] }[];
      };
      return Number(result[0]?.value[1] ?? Number.NaN);
    },
    ruleHealth: async () => {
      const { groups } = (await get("/api/v1/rules")) as { groups: { rules: { health: string }[] }[] };
      return groups.flatMap((group) => group.rules.map(({ health }) => health));
    },
    stop: async () => {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}

async function ready(child: ChildProcess, url: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (child.exitCode !== null) throw new Error(`prometheus ended with ${child.exitCode}`);
    const answer = await fetch(`${url}/-/ready`).catch(() => null);
    if (answer?.status === 200) return;
    await sleep(200);
  }
  throw new Error("prometheus did not start");
}

async function dashboardExpressions(): Promise<string[]> {
  const { panels } = JSON.parse(await readFile(dashboard, "utf8")) as { panels: { targets: { expr: string }[] }[] };
  const exprs = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  return exprs.map((expr) => expr.replaceAll("$__rate_interval", "5s").replaceAll("$instance", ".*"));
}

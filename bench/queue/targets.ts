import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { benchCredentials, startSherd } from "../support/sherd-server.ts";

const run = promisify(execFile);
/** Kept between runs, and gone with node_modules. */
const CACHE = join(import.meta.dirname, "../../node_modules/.cache/bench-queue");
const ELASTICMQ = "1.7.1";
const MOTO = "moto[server]==5.2.5";
const START_MS_MAX = 60_000;

export interface QueueTarget {
  readonly name: string;
  /** Without a slash at the end. */
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  stop(): Promise<void>;
}

/** Sherd of this checkout or of another one, with its data on the disk. */
export async function startOwn(folder: string, checkout?: string): Promise<QueueTarget> {
  const { endpoint, stop } = await startSherd(folder, checkout);
  return { name: checkout === undefined ? "sherd" : "beside", endpoint, ...benchCredentials, stop };
}

/** ElasticMQ with its queues in memory, by Maven from Maven Central. */
export async function startElasticMq(folder: string): Promise<QueueTarget> {
  const jars = join(CACHE, `elasticmq-${ELASTICMQ}`);
  if (!existsSync(jars)) {
    const project = join(CACHE, "elasticmq-project");
    await mkdir(project, { recursive: true });
    await writeFile(
      join(project, "pom.xml"),
      `<project><modelVersion>4.0.0</modelVersion><groupId>bench</groupId><artifactId>queue</artifactId><version>1</version><dependencies>
       <dependency><groupId>org.elasticmq</groupId><artifactId>elasticmq-server_2.13</artifactId><version>${ELASTICMQ}</version></dependency>
       </dependencies></project>`,
    );
    const copy = ["-q", "-B", "dependency:copy-dependencies", `-DoutputDirectory=${jars}`];
    await run("mvn", copy, { cwd: project });
  }
  await mkdir(folder, { recursive: true });
  const settings = ["-Dnode-address.port=9324", "-Drest-stats.enabled=false", "-Dlogback.configurationFile=none"];
  return started("elasticmq", "http://127.0.0.1:9324", "java", [
    ...settings,
    "-cp",
    `${jars}/*`,
    "org.elasticmq.server.Main",
  ]);
}

/** moto's server, which keeps its queues in memory, by pip from PyPI. */
export async function startMoto(folder: string): Promise<QueueTarget> {
  const venv = join(CACHE, "moto");
  if (!existsSync(join(venv, "bin/moto_server"))) {
    await mkdir(CACHE, { recursive: true });
    await run("python3", ["-m", "venv", venv]);
    await run(join(venv, "bin/pip"), ["install", "--quiet", MOTO]);
  }
  await mkdir(folder, { recursive: true });
  return started("moto", "http://127.0.0.1:9325", join(venv, "bin/moto_server"), ["-H", "127.0.0.1", "-p", "9325"]);
}

async function started(name: string, endpoint: string, program: string, args: readonly string[]): Promise<QueueTarget> {
  const server = spawn(program, args, { stdio: "ignore" });
  const ended = once(server, "exit");
  const stop = async () => {
    server.kill("SIGTERM");
    await ended;
  };
  const untilMs = Date.now() + START_MS_MAX;
  for (;;) {
    if (server.exitCode !== null) throw new Error(`${name} ended before it listened`);
    const isThere = await fetch(endpoint).then(
      () => true,
      () => false,
    );
    if (isThere) return { name, endpoint, accessKeyId: "bench", secretAccessKey: "bench", stop };
    if (Date.now() > untilMs) {
      await stop();
      throw new Error(`${name} did not start in time`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

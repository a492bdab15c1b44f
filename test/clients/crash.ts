import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pythonEnvironment, pythonFolder } from "./boto3.ts";
import { type Client, type Job, runJobs, Skip, type Stage } from "./client.ts";
import { command } from "./command.ts";
import { bytesOf } from "./content.ts";
import { installPython, venvProgram } from "./install.ts";
import { freePort, type RunningServer, startServer } from "./server.ts";
import { checkAll, makeBucket, putAll } from "./stored.ts";

/** `CLIENTS_KILLS` sets another number. */
const KILLS = Number(process.env.CLIENTS_KILLS ?? 50);
/** The server lives so long after it has said that it is ready: some die while they start to serve, some under full load. */
const LIFE_MS_MIN = 50;
const LIFE_MS_MAX = 1_000;

/** Servers that are killed while boto3 writes: nothing acknowledged may be lost, nothing may be there in part. */
export function crashClient(fresh: boolean): Client {
  return {
    name: "crash",
    required: true,
    sharesPython: true,
    async prepare() {
      const installed = await installPython("boto3", fresh);
      return installed.ok
        ? { ready: true, version: "(boto3 against servers that are killed)" }
        : { ready: false, why: installed.why };
    },
    run: runJobs(JOBS),
  };
}

const JOBS: readonly Job[] = [
  { name: "killed-while-writing", run: killedWhileWriting },
  { name: "launcher-killed-alone", run: launcherKilledAlone },
  { name: "stopped-and-started", run: stoppedAndStarted },
];

/** Starts a server of its own at a fixed port on a folder of its own; `SIGKILL`ed servers come back at the same address. */
async function ownServer(stage: Stage, name: string): Promise<{ own: Stage; start: () => Promise<RunningServer> }> {
  if (!stage.ownServer) throw new Skip("needs a server of its own");
  const port = await freePort();
  const { accessKeyId, secretAccessKey } = stage;
  const options = { dataFolder: join(stage.folder, name), port, accessKeyId, secretAccessKey };
  return { own: { ...stage, endpoint: `http://127.0.0.1:${port}` }, start: () => startServer(options) };
}

async function killedWhileWriting(stage: Stage): Promise<string> {
  const { own, start } = await ownServer(stage, "killed-data");
  const seed = process.env.CLIENTS_SEED ?? randomBytes(4).toString("hex");
  const stopFile = join(stage.folder, "stop");
  let server = await start();
  const writing = Promise.withResolvers<void>();
  const writer = command([venvProgram("python"), join(pythonFolder, "crash_writer.py")], {
    env: { ...pythonEnvironment(own), CLIENTS_STOP_FILE: stopFile, CLIENTS_SEED: seed },
    timeoutMs: 3_600_000,
    onLine: () => writing.resolve(),
  });
  writer.catch(writing.reject);
  try {
    await writing.promise;
    const random = bytesOf(`kills ${seed}`, KILLS * 2);
    for (let i = 0; i < KILLS; i++) {
      await sleep(LIFE_MS_MIN + (random.readUInt16LE(i * 2) % (LIFE_MS_MAX - LIFE_MS_MIN)));
      await server.kill();
      server = await start();
    }
    await sleep(500);
    await writeFile(stopFile, "");
    const { stdout } = await writer.catch((error: unknown) => {
      throw new Error(`seed ${seed} (CLIENTS_SEED): ${error instanceof Error ? error.message : error}`);
    });
    const result = JSON.parse(stdout.toString().trim().split("\n").pop() ?? "{}");
    if (!(result.unanswered > 0)) throw new Error("no request was cut off by the kills: this run shows nothing");
    const counts = `${result.acknowledged} acknowledged, ${result.unanswered} unanswered, ${result.verified} read in between`;
    return `${KILLS} kills, ${result.keys} keys, ${counts}, seed ${seed}`;
  } finally {
    await writeFile(stopFile, "");
    await writer.catch(() => undefined);
    await server.stop();
  }
}

/** Where only the launcher is killed, what it started must end by itself and let the address and the folder go. */
async function launcherKilledAlone(stage: Stage): Promise<string> {
  const { own, start } = await ownServer(stage, "launcher-data");
  const first = await start();
  const s3 = await makeBucket(own, "launcher");
  const digests = await putAll(s3, "launcher", [0, 1000, 3_000_000]);
  await first.killLauncher();
  const startedAt = performance.now();
  let server: RunningServer | undefined;
  let refusals = 0;
  while (server === undefined && performance.now() - startedAt < 20_000) {
    server = await start().catch(async () => {
      refusals++;
      await sleep(250);
      return undefined;
    });
  }
  // Whatever is left of the first one goes with its group.
  if (server === undefined) await first.kill();
  if (server === undefined)
    throw new Error(`no server came up within 20 s of the launcher's death (${refusals} tries)`);
  try {
    await checkAll(s3, "launcher", digests, "after the launcher was killed");
  } finally {
    await server.stop();
  }
  return refusals === 0 ? "the next server came up at once" : `the next server came up at try ${refusals + 1}`;
}

async function stoppedAndStarted(stage: Stage): Promise<void> {
  const { own, start } = await ownServer(stage, "stopped-data");
  const first = await start();
  const s3 = await makeBucket(own, "stopped");
  const digests = await putAll(s3, "stopped", [0, 1, 5000, 100_000, 3_000_000]);
  await first.stop();
  const second = await start();
  try {
    await checkAll(s3, "stopped", digests, "after stop and start");
  } finally {
    await second.stop();
  }
}

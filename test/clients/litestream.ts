import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout } from "node:timers/promises";
import { type Client, type Job, runJobs, type Stage } from "./client.ts";
import { cleanEnvironment, command } from "./command.ts";
import { equal } from "./expect.ts";
import { goProgram, installGo, versionOf } from "./install.ts";
import { bucketName, makeBucket } from "./stored.ts";

/** Litestream 0.5, from the Go module proxy: SQLite's log in small immutable files, found again by lists. */
export function litestreamClient(): Client {
  return {
    name: "litestream",
    required: false,
    async prepare() {
      const built = await installGo("github.com/benbjohnson/litestream/cmd/litestream", "v0.5.18");
      if (!built.ok) return { ready: false, why: built.why };
      return { ready: true, version: await versionOf([goProgram("litestream"), "version"]) };
    },
    run: runJobs(JOBS),
  };
}

const JOBS: readonly Job[] = [{ name: "replicate-and-restore", run: replicateAndRestore }];

async function replicateAndRestore(stage: Stage): Promise<string> {
  const bucket = bucketName("litestream");
  (await makeBucket(stage, bucket)).destroy();
  const litestream = await configure(stage, bucket);
  const db = new DatabaseSync(litestream.database);
  db.exec(
    "PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 5000; CREATE TABLE pots (id INTEGER PRIMARY KEY, clay BLOB)",
  );
  const states: State[] = [];
  // The second run goes on where the first was stopped.
  for (const rounds of [4, 2]) {
    await litestream.whileReplicating(async () => {
      for (let i = 0; i < rounds; i++) states.push(await nextState(litestream, db, states.length));
    });
  }
  db.close();
  const old = states[1];
  const latest = states.at(-1);
  if (old === undefined || latest === undefined) throw new Error("no state was noted");
  await litestream.run("restore", "-o", litestream.file("latest.db"), litestream.database);
  equal(rowsOfFile(litestream.file("latest.db")) === latest.rows, true, "the restored rows are the last ones");
  await litestream.run("restore", "-txid", old.transaction, "-o", litestream.file("old.db"), litestream.database);
  equal(
    rowsOfFile(litestream.file("old.db")) === old.rows,
    true,
    `the rows are those of transaction ${old.transaction}`,
  );
  return `${states.length} rounds, transaction ${latest.transaction}`;
}

interface State {
  readonly transaction: string;
  readonly rows: string;
}

async function nextState(litestream: Litestream, db: DatabaseSync, round: number): Promise<State> {
  change(db, round);
  await litestream.sync();
  return { transaction: await litestream.lastTransaction(), rows: rowsOf(db) };
}

interface Litestream {
  readonly database: string;
  run(command: string, ...args: string[]): Promise<string>;
  /** Waits until everything written so far is in the bucket. */
  sync(): Promise<void>;
  lastTransaction(): Promise<string>;
  whileReplicating(work: () => Promise<void>): Promise<void>;
  file(name: string): string;
}

async function configure(stage: Stage, bucket: string): Promise<Litestream> {
  const file = (name: string) => join(stage.folder, name);
  const database = file("pots.db");
  const replica = { type: "s3", bucket, path: "db", endpoint: stage.endpoint, region: stage.region };
  const socket = { enabled: true, path: file("socket") };
  const config = { socket, dbs: [{ path: database, replica: { ...replica, "force-path-style": true } }] };
  // JSON is YAML.
  await writeFile(file("litestream.yml"), JSON.stringify(config));
  const run = async (name: string, ...args: string[]) => {
    const line = [goProgram("litestream"), name, "-config", file("litestream.yml"), ...args];
    return (await command(line, { env: cleanEnvironment(stage) })).stdout.toString();
  };
  return {
    database,
    file,
    run,
    async sync() {
      const line = [goProgram("litestream"), "sync", "-wait", "-socket", socket.path, database];
      await command(line, { env: cleanEnvironment(stage) });
    },
    async whileReplicating(work) {
      const line = ["replicate", "-config", file("litestream.yml")];
      const child = spawn(goProgram("litestream"), line, { env: cleanEnvironment(stage), stdio: "ignore" });
      const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
      try {
        await comesUp(socket.path, ended);
        await work();
      } finally {
        child.kill("SIGTERM");
        equal(await ended, 0, "exit code of litestream");
      }
    },
    async lastTransaction() {
      const lines = (await run("ltx", database)).trim().split("\n").slice(1);
      const last = lines.map((line) => line.trim().split(/\s+/)).map(([, , most]) => most ?? "");
      return last.sort().at(-1) ?? "";
    },
  };
}

async function comesUp(socket: string, ended: Promise<unknown>): Promise<void> {
  const gone = ended.then(() => "gone");
  for (let tries = 0; tries < 200 && !existsSync(socket); tries++)
    if ((await Promise.race([gone, setTimeout(50)])) === "gone") throw new Error("litestream ended at once");
}

function change(db: DatabaseSync, round: number): void {
  const insert = db.prepare("INSERT INTO pots (clay) VALUES (randomblob(?))");
  for (let i = 0; i < 200; i++) insert.run(100 + i * 7);
  db.exec(`DELETE FROM pots WHERE id % 7 = ${round}; UPDATE pots SET clay = randomblob(50) WHERE id % 11 = ${round}`);
}

function rowsOfFile(path: string): string {
  const db = new DatabaseSync(path, { readOnly: true });
  equal(db.prepare("PRAGMA integrity_check").get()?.integrity_check, "ok", "integrity_check");
  const rows = rowsOf(db);
  db.close();
  return rows;
}

function rowsOf(db: DatabaseSync): string {
  const rows = db.prepare("SELECT id, hex(clay) AS clay FROM pots ORDER BY id").all();
  return rows.map(({ id, clay }) => `${id} ${clay}`).join("\n");
}

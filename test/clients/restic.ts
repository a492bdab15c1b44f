import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { type Client, type Job, runJobs, type Stage } from "./client.ts";
import { attempt, type CommandResult, cleanEnvironment, command } from "./command.ts";
import { folderDigests, writeContent } from "./content.ts";
import { equal, includes } from "./expect.ts";
import { systemProgram, versionOf } from "./install.ts";
import { bucketName, makeBucket } from "./stored.ts";

const MB = 1_000_000;

/** restic of the system's packages: minio-go with Content-MD5, locks as objects, packs that are read by range. */
export function resticClient(): Client {
  return {
    name: "restic",
    required: true,
    async prepare() {
      const system = await systemProgram("restic");
      if (!system.ok) return { ready: false, why: system.why };
      return { ready: true, version: await versionOf(["restic", "version"]) };
    },
    run: runJobs(JOBS),
  };
}

const JOBS: readonly Job[] = [
  { name: "backup-check-prune-restore", run: (stage) => backups(repositoryOf(stage, bucketName("restic-backups"))) },
  {
    name: "with-list-version-1",
    run: (stage) => backups(repositoryOf(stage, bucketName("restic-lists"), ["-o", "s3.list-objects-v1=true"])),
  },
  { name: "check-finds-a-changed-pack", run: changedPack },
];

interface Repository {
  run(...args: string[]): Promise<string>;
  attempt(...args: string[]): Promise<CommandResult>;
  file(name: string): string;
}

function repositoryOf(stage: Stage, bucket: string, options: readonly string[] = []): Repository {
  const env = {
    ...cleanEnvironment(stage),
    RESTIC_REPOSITORY: `s3:${stage.endpoint}/${bucket}/deep/repository`,
    RESTIC_PASSWORD: "clay",
    RESTIC_CACHE_DIR: join(stage.folder, `${bucket}-cache`),
  };
  const line = (args: readonly string[]) => ["restic", ...options, ...args];
  return {
    run: async (...args) => (await command(line(args), { env })).stdout.toString(),
    attempt: (...args) => attempt(line(args), { env }),
    file: (name) => join(stage.folder, `${bucket}-${name}`),
  };
}

async function backups(restic: Repository): Promise<void> {
  const [source, target] = [restic.file("source"), restic.file("target")];
  await mkdir(join(source, "deep", "é"), { recursive: true });
  for (let i = 0; i < 40; i++) await writeContent(join(source, "deep", "é", `${i}`), `restic ${i}`, i * 5000);
  await writeContent(join(source, "large"), "restic large", 30 * MB);
  await restic.run("init");
  includes((await restic.attempt("init")).stderr, "already", "a second init");
  await restic.run("backup", source);
  await restic.run("check", "--read-data");
  const first = await folderDigests(source);

  await writeContent(join(source, "large"), "restic changed", 20 * MB);
  await rm(join(source, "deep", "é", "7"));
  await restic.run("backup", source);
  equal(JSON.parse(await restic.run("snapshots", "--json")).length, 2, "snapshots");
  const second = await folderDigests(source);
  for (const [snapshot, expected] of [[await firstSnapshot(restic), first] as const, ["latest", second] as const]) {
    await restic.run("restore", snapshot, "--target", target);
    equal(await folderDigests(join(target, source)), expected, `the tree of ${snapshot}`);
    await rm(target, { recursive: true });
  }
  await restic.run("forget", "--keep-last", "1", "--prune");
  equal(JSON.parse(await restic.run("snapshots", "--json")).length, 1, "snapshots after forget");
  await restic.run("check", "--read-data");
  await restic.run("restore", "latest", "--target", target);
  equal(await folderDigests(join(target, source)), second, "the tree after prune");
  equal((await restic.run("list", "locks")).trim(), "", "locks that are left");
}

async function firstSnapshot(restic: Repository): Promise<string> {
  const snapshots: { id: string; time: string }[] = JSON.parse(await restic.run("snapshots", "--json"));
  return snapshots.sort((a, b) => (a.time < b.time ? -1 : 1))[0]?.id ?? "";
}

/** That `check` passes says something only if it can fail. */
async function changedPack(stage: Stage): Promise<void> {
  const bucket = bucketName("restic-changed");
  const s3 = await makeBucket(stage, bucket);
  const restic = repositoryOf(stage, bucket);
  await writeFile(restic.file("one"), "one file");
  await restic.run("init");
  await restic.run("backup", restic.file("one"));
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: "deep/repository/data/" }));
  const [Key, Size] = [Contents?.[0]?.Key ?? "", Contents?.[0]?.Size ?? 0];
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: "x".repeat(Size) }));
  equal((await restic.attempt("check", "--read-data")).code === 0, false, "check passes on a changed pack");
}

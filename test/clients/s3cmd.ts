import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Client, type Job, runJobs, type Stage } from "./client.ts";
import { attempt, type CommandResult, cleanEnvironment, command } from "./command.ts";
import { bytesOf, folderDigests, sha256Of, writeContent } from "./content.ts";
import { equal, expectDigest, includes } from "./expect.ts";
import { installPython, installSystem, venvProgram, versionOf } from "./install.ts";

/** s3cmd: lists by version 1, asks for every setting of a bucket in `info`, keeps file attributes as metadata. */
export function s3cmdClient(fresh: boolean): Client {
  let program = venvProgram("s3cmd");
  return {
    name: "s3cmd",
    required: true,
    sharesPython: true,
    async prepare() {
      const installed = await installPython("s3cmd", fresh);
      if (!installed.ok) {
        const system = await installSystem("s3cmd");
        if (!system.ok) return { ready: false, why: `${installed.why}; ${system.why}` };
        program = "s3cmd";
      }
      return { ready: true, version: await versionOf([program, "--version"]) };
    },
    run: async (stage, report) => {
      const s3cmd = await configure(stage, program);
      await runJobs(jobsOf(s3cmd))(stage, report);
    },
  };
}

interface S3cmd {
  run(...args: string[]): Promise<string>;
  attempt(...args: string[]): Promise<CommandResult>;
  file(name: string): string;
  withBucket(bucket: string, work: (url: string) => Promise<void>): Promise<void>;
}

async function configure(stage: Stage, program: string): Promise<S3cmd> {
  const path = join(stage.folder, "s3cfg");
  const host = new URL(stage.endpoint).host;
  const settings = {
    access_key: stage.accessKeyId,
    secret_key: stage.secretAccessKey,
    host_base: host,
    // No %(bucket)s in it: path style.
    host_bucket: host,
    use_https: "False",
    bucket_location: stage.region,
    progress_meter: "False",
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  await writeFile(path, `[default]\n${lines.join("\n")}\n`);
  const line = (args: readonly string[]) => [program, "--config", path, ...args];
  const env = cleanEnvironment(stage);
  return {
    run: async (...args) => (await command(line(args), { env })).stdout.toString(),
    attempt: (...args) => attempt(line(args), { env }),
    file: (name) => join(stage.folder, name),
    async withBucket(bucket, work) {
      await command(line(["mb", `s3://${bucket}`]), { env });
      try {
        await work(`s3://${bucket}`);
      } finally {
        await attempt(line(["rb", "--recursive", "--force", `s3://${bucket}`]), { env });
      }
    },
  };
}

function jobsOf(s3cmd: S3cmd): Job[] {
  return [
    { name: "mb-ls-rb", run: () => makeListRemove(s3cmd) },
    { name: "put-and-get", run: () => putAndGet(s3cmd) },
    { name: "multipart-put", run: () => multipartPut(s3cmd) },
    { name: "ls-la-du", run: () => lists(s3cmd) },
    { name: "sync", run: () => sync(s3cmd) },
    { name: "cp-mv-modify", run: () => copies(s3cmd) },
    { name: "info", run: () => info(s3cmd) },
    { name: "tags", run: () => tags(s3cmd) },
    { name: "versions-ownership-cors", run: () => settings(s3cmd) },
    { name: "signurl", run: () => signUrl(s3cmd) },
    { name: "setacl-and-setpolicy", run: () => acls(s3cmd) },
    { name: "server-side-encryption", run: () => encryption(s3cmd) },
  ];
}

/** `--server-side-encryption`, with a KMS too, small and in parts. */
async function encryption(s3cmd: S3cmd): Promise<void> {
  await s3cmd.withBucket("s3cmd-encrypted", async (url) => {
    for (const sizeBytes of [1_000, 11_000_000]) {
      const digest = await writeContent(s3cmd.file("plain"), `e ${sizeBytes}`, sizeBytes);
      for (const [key, options, shown] of [
        ["aes", ["--server-side-encryption"], "AES256"],
        ["kms", ["--server-side-encryption", "--server-side-encryption-kms-id=alias/aws/s3"], "aws:kms"],
      ] as const) {
        await s3cmd.run("put", "--multipart-chunk-size-mb=5", ...options, s3cmd.file("plain"), `${url}/${key}`);
        includes(await s3cmd.run("info", `${url}/${key}`), `SSE:       ${shown}`, "info");
        await s3cmd.run("get", "--force", `${url}/${key}`, s3cmd.file("back"));
        await expectDigest(s3cmd.file("back"), digest, `${key} ${sizeBytes}`);
      }
    }
  });
}

async function acls(s3cmd: S3cmd): Promise<void> {
  await s3cmd.withBucket("s3cmd-acls", async (url) => {
    await writeContent(s3cmd.file("shown"), "shown", 100);
    await s3cmd.run("put", s3cmd.file("shown"), `${url}/shown`);
    includes(
      (await s3cmd.attempt("setacl", "--acl-public", `${url}/shown`)).stderr,
      "AccessControlListNotSupported",
      "ACLs are off",
    );
    await s3cmd.run("setownership", url, "ObjectWriter");
    await s3cmd.run("setblockpublicaccess", url, "");
    await s3cmd.run("setacl", "--acl-public", `${url}/shown`);
    includes(await s3cmd.run("info", `${url}/shown`), "*anon*: READ", "info of a public object");
    await s3cmd.run("setacl", "--acl-private", `${url}/shown`);
    equal((await s3cmd.run("info", `${url}/shown`)).includes("*anon*"), false, "a private object is public");
    const Statement = {
      Effect: "Deny",
      Principal: "*",
      Action: "s3:GetObject",
      Resource: "arn:aws:s3:::s3cmd-acls/shown",
    };
    await writeFile(s3cmd.file("policy"), JSON.stringify({ Version: "2012-10-17", Statement }));
    await s3cmd.run("setpolicy", s3cmd.file("policy"), url);
    includes(await s3cmd.run("info", url), "s3:GetObject", "info of a bucket with a policy");
    const denied = await s3cmd.attempt("get", "--force", `${url}/shown`, s3cmd.file("target"));
    equal([denied.code === 0, denied.stderr.includes("403")], [false, true], "get of what a policy denies");
    await s3cmd.run("delpolicy", url);
    await s3cmd.run("get", "--force", `${url}/shown`, s3cmd.file("target"));
  });
}

async function makeListRemove(s3cmd: S3cmd): Promise<void> {
  await s3cmd.run("mb", "s3://s3cmd-made");
  includes(await s3cmd.run("ls"), "s3://s3cmd-made", "ls");
  includes((await s3cmd.attempt("mb", "s3://s3cmd-made")).stderr, "BucketAlreadyOwnedByYou", "a second mb");
  await s3cmd.run("rb", "s3://s3cmd-made");
  includes((await s3cmd.attempt("ls", "s3://s3cmd-made")).stderr, "NoSuchBucket", "ls of the removed bucket");
}

async function putAndGet(s3cmd: S3cmd): Promise<void> {
  await s3cmd.withBucket("s3cmd-put", async (url) => {
    for (const [key, sizeBytes] of [
      ["empty", 0],
      ["plain.txt", 5000],
      ["with space & é +.bin", 300_000],
      ["deep//double/slash", 10],
    ] as const) {
      const digest = await writeContent(s3cmd.file("source"), key, sizeBytes);
      await s3cmd.run("put", s3cmd.file("source"), `${url}/${key}`);
      await rm(s3cmd.file("target"), { force: true });
      await s3cmd.run("get", `${url}/${key}`, s3cmd.file("target"));
      await expectDigest(s3cmd.file("target"), digest, key);
    }
    await s3cmd.run("del", `${url}/plain.txt`);
    const missing = await s3cmd.attempt("get", "--force", `${url}/plain.txt`, s3cmd.file("target"));
    equal(
      [missing.code === 0, missing.stderr.includes("404") || missing.stderr.includes("not exist")],
      [false, true],
      "get of a deleted key",
    );
    equal((await s3cmd.attempt("rb", url)).stderr.includes("BucketNotEmpty"), true, "rb of a bucket that is not empty");
  });
}

async function multipartPut(s3cmd: S3cmd): Promise<void> {
  await s3cmd.withBucket("s3cmd-parts", async (url) => {
    const digest = await writeContent(s3cmd.file("parts"), "s3cmd parts", 12_000_000);
    await s3cmd.run("put", "--multipart-chunk-size-mb=5", s3cmd.file("parts"), `${url}/parts.bin`);
    await s3cmd.run("get", "--force", `${url}/parts.bin`, s3cmd.file("parts-back"));
    await expectDigest(s3cmd.file("parts-back"), digest, "an upload in three parts");
    equal((await s3cmd.run("multipart", url)).includes("parts.bin"), false, "an upload is left behind");
  });
}

async function lists(s3cmd: S3cmd): Promise<void> {
  await s3cmd.withBucket("s3cmd-lists", async (url) => {
    await writeContent(s3cmd.file("one"), "one", 1000);
    for (const key of ["a/1", "a/2", "b"]) await s3cmd.run("put", s3cmd.file("one"), `${url}/${key}`);
    const top = await s3cmd.run("ls", `${url}/`);
    equal(
      [top.includes("DIR"), top.includes(`${url}/a/`), top.includes(`${url}/b`), top.includes("a/1")],
      [true, true, true, false],
      "ls",
    );
    equal((await s3cmd.run("ls", "--recursive", url)).trim().split("\n").length, 3, "lines of ls --recursive");
    includes(await s3cmd.run("la"), `${url}/b`, "la");
    includes(await s3cmd.run("du", url), "3000", "du");
  });
}

async function sync(s3cmd: S3cmd): Promise<void> {
  const [up, down] = [s3cmd.file("up"), s3cmd.file("down")];
  await mkdir(join(up, "deep"), { recursive: true });
  await mkdir(down, { recursive: true });
  for (let i = 0; i < 8; i++) await writeContent(join(up, i < 4 ? "deep" : ".", `f ${i}`), `s3cmd sync ${i}`, i * 9000);
  await s3cmd.withBucket("s3cmd-sync", async (url) => {
    await s3cmd.run("sync", `${up}/`, `${url}/tree/`);
    equal(
      (await s3cmd.run("sync", `${up}/`, `${url}/tree/`)).includes("upload:"),
      false,
      "a second sync uploads something",
    );
    await s3cmd.run("sync", `${url}/tree/`, `${down}/`);
    equal(await folderDigests(down), await folderDigests(up), "the tree after sync up and down");
    await rm(join(up, "deep", "f 1"));
    await writeFile(join(up, "f 5"), "changed");
    await s3cmd.run("sync", "--delete-removed", `${up}/`, `${url}/tree/`);
    await s3cmd.run("sync", "--delete-removed", `${url}/tree/`, `${down}/`);
    equal(await folderDigests(down), await folderDigests(up), "the tree after deletions");
  });
}

async function copies(s3cmd: S3cmd): Promise<void> {
  await s3cmd.withBucket("s3cmd-from", (from) =>
    s3cmd.withBucket("s3cmd-to", async (to) => {
      const digest = await writeContent(s3cmd.file("c"), "s3cmd copy", 50_000);
      await s3cmd.run("put", s3cmd.file("c"), `${from}/c`);
      await s3cmd.run("cp", `${from}/c`, `${to}/copied é`);
      await s3cmd.run("mv", `${to}/copied é`, `${to}/moved`);
      equal((await s3cmd.run("ls", `${to}/`)).trim().split("/").pop(), "moved", "the only key");
      await s3cmd.run("modify", "--add-header=Content-Type: text/x-clay", `${to}/moved`);
      includes(await s3cmd.run("info", `${to}/moved`), "text/x-clay", "the type after modify");
      await s3cmd.run("get", "--force", `${to}/moved`, s3cmd.file("back"));
      await expectDigest(s3cmd.file("back"), digest, "the moved object");
    }),
  );
}

/** `info` asks for location, versioning, policy, CORS, ACL and more; what is not built may answer 501, but must not stop it. */
async function info(s3cmd: S3cmd): Promise<string> {
  const asked: string[] = [];
  await s3cmd.withBucket("s3cmd-info", async (url) => {
    await writeContent(s3cmd.file("i"), "info", 100);
    await s3cmd.run("put", s3cmd.file("i"), `${url}/i`);
    for (const [target, expected] of [
      [url, "Location:"],
      [`${url}/i`, "MD5 sum:"],
    ] as const) {
      const { code, stdout, stderr } = await s3cmd.attempt("--debug", "info", target);
      asked.push(...questionsOf(stderr));
      if (code !== 0) throw new Error(`info ended with ${code}; it asked ${asked.join(", ")}\n${stderr.slice(-3000)}`);
      includes(stdout.toString(), expected, `info ${target}`);
    }
  });
  if (asked.length < 9) throw new Error(`only ${asked.length} questions were seen: ${asked.join(", ")}`);
  const refused = asked.filter((question) => question.endsWith(" 501"));
  return refused.length === 0 ? `none of its ${asked.length} questions is 501` : refused.join(", ");
}

/** Each sub-resource that a debug log shows, with the status that it got. */
function questionsOf(log: string): string[] {
  const requests = log.matchAll(/Sending request method_string='\w+', uri='([^']*)'[\s\S]*?'status': (\d+)/g);
  return [...requests].map(([, target, status]) => `${target} ${status}`);
}

async function tags(s3cmd: S3cmd): Promise<void> {
  await s3cmd.withBucket("s3cmd-tags", async (url) => {
    await writeContent(s3cmd.file("t"), "tags", 100);
    await s3cmd.run("put", s3cmd.file("t"), `${url}/t`);
    for (const target of [url, `${url}/t`]) {
      await s3cmd.run("settagging", target, "kind=pot&made=2026");
      const listed = await s3cmd.run("gettagging", target);
      for (const piece of ["kind", "pot", "made", "2026"]) includes(listed, piece, `tags of ${target}`);
      await s3cmd.run("deltagging", target);
      const left = await s3cmd.attempt("gettagging", target);
      equal(left.stdout.includes("kind"), false, `tags are left on ${target}`);
    }
  });
}

/** s3cmd shows no versions; it turns them on and off, and `info` reads back what it has set. */
async function settings(s3cmd: S3cmd): Promise<void> {
  await s3cmd.withBucket("s3cmd-settings", async (url) => {
    await s3cmd.run("setversioning", url, "enable");
    includes(await s3cmd.run("info", url), "Enabled", "versioning");
    await s3cmd.run("setversioning", url, "disable");
    includes(await s3cmd.run("info", url), "Suspended", "versioning");
    await s3cmd.run("setownership", url, "BucketOwnerEnforced");
    includes(await s3cmd.run("info", url), "BucketOwnerEnforced", "ownership");
    await s3cmd.run("setblockpublicaccess", url, "BlockPublicAcls,BlockPublicPolicy");
    includes(await s3cmd.run("info", url), "BlockPublicPolicy", "public access block");
    const rule =
      "<CORSRule><AllowedOrigin>https://a.example</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>";
    await writeFile(s3cmd.file("cors.xml"), `<CORSConfiguration>${rule}</CORSConfiguration>`);
    await s3cmd.run("setcors", s3cmd.file("cors.xml"), url);
    includes(await s3cmd.run("info", url), "https://a.example", "CORS");
    await s3cmd.run("delcors", url);
    equal((await s3cmd.run("info", url)).includes("a.example"), false, "CORS is left");
  });
}

/** s3cmd signs URLs by SigV2. */
async function signUrl(s3cmd: S3cmd): Promise<void> {
  await s3cmd.withBucket("s3cmd-sign", async (url) => {
    const bytes = bytesOf("sign", 1000);
    await writeFile(s3cmd.file("s"), bytes);
    await s3cmd.run("put", s3cmd.file("s"), `${url}/s é`);
    const link = (await s3cmd.run("signurl", `${url}/s é`, "+600")).trim();
    const got = await command(["curl", "-sS", "--fail-with-body", link]);
    equal(sha256Of(got.stdout), sha256Of(bytes), "body by a signed URL");
    const altered = await command(["curl", "-sS", link.replace("s3cmd-sign/s", "s3cmd-sign/t")]);
    includes(altered.stdout.toString(), "<Code>SignatureDoesNotMatch</Code>", "a signed URL for another key");
  });
}

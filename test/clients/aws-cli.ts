import { mkdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Aws, type Make } from "./aws.ts";
import { awsApiJobs } from "./aws-api.ts";
import { awsConfigurationJobs } from "./aws-configurations.ts";
import { awsEncryptionJobs } from "./aws-encryption.ts";
import { awsEventJobs } from "./aws-events.ts";
import { awsIdentityJobs } from "./aws-identities.ts";
import { type Client, type Job, runJobs } from "./client.ts";
import { command } from "./command.ts";
import { bytesOf, folderDigests, sha256Of, writeContent } from "./content.ts";
import { equal, expectDigest, includes } from "./expect.ts";
import { installPython, venvProgram, versionOf } from "./install.ts";

const MB = 1_000_000;

/** AWS CLI of PyPI (version 1, with the botocore of today). */
export function awsCliClient(fresh: boolean): Client {
  return {
    name: "aws",
    required: true,
    sharesPython: true,
    async prepare() {
      const installed = await installPython("awscli", fresh);
      if (!installed.ok) return { ready: false, why: installed.why };
      return { ready: true, version: await versionOf([venvProgram("aws"), "--version"]) };
    },
    run: (stage, report) => {
      const make: Make = (at) => new Aws(at, venvProgram("aws"));
      const more = [
        ...[...awsApiJobs(make), ...awsConfigurationJobs(make), ...awsEncryptionJobs(make)],
        ...[...awsIdentityJobs(make), ...awsEventJobs(make)],
      ];
      return runJobs([...awsJobs(make), ...more])(stage, report);
    },
  };
}

/** AWS CLI version 2 where the machine has it (no package registry carries a recent one): what it does otherwise than version 1. */
export function awsCli2Client(): Client {
  const findIt = async (): Promise<string | undefined> => {
    for (const path of [process.env.AWS_CLI_2, "/usr/local/bin/aws", "/usr/bin/aws"]) {
      if (path === undefined) continue;
      const version = await versionOf([path, "--version"]).catch(() => "");
      if (version.startsWith("aws-cli/2")) return path;
    }
    return undefined;
  };
  return {
    name: "aws-2",
    required: false,
    async prepare() {
      const path = await findIt();
      if (path === undefined)
        return { ready: false, why: "no AWS CLI of version 2 on this machine (AWS_CLI_2 may name one)" };
      return { ready: true, version: await versionOf([path, "--version"]) };
    },
    async run(stage, report) {
      const path = (await findIt()) ?? "aws";
      const make: Make = (at) => new Aws(at, path);
      await runJobs([...awsJobs(make).filter(({ name }) => AWS_2_JOBS.has(name)), copyPropsJob(make)])(stage, report);
    },
  };
}

const AWS_2_JOBS = new Set(["cp-small-and-50-mb", "cp-streams", "presign", "cp-between-buckets", "s3api"]);

function awsJobs(make: Make): Job[] {
  return [
    { name: "mb-ls-rb", run: (stage) => makeListRemove(make(stage)) },
    { name: "cp-small-and-50-mb", run: (stage) => copyFiles(make(stage)) },
    { name: "cp-streams", run: (stage) => copyStreams(make(stage)) },
    { name: "sync-up-and-down", run: (stage) => syncFolders(make(stage)) },
    { name: "empty-file-then-another", run: (stage) => emptyThenAnother(make(stage)) },
    { name: "mv-and-rm", run: (stage) => moveAndRemove(make(stage)) },
    { name: "presign", run: (stage) => presign(make(stage)) },
    { name: "cp-between-buckets", run: (stage) => copyBetween(make(stage)) },
    { name: "s3api", run: (stage) => apiCalls(make(stage)) },
    { name: "s3api-select", run: (stage) => selectContent(make(stage)) },
    { name: "s3api-pages", run: (stage) => apiPages(make(stage)) },
    { name: "errors", run: (stage) => errors(make(stage)) },
  ];
}

async function makeListRemove(aws: Aws): Promise<void> {
  await aws.run(["s3", "mb", "s3://aws-made"]);
  includes(await aws.text("s3", "ls"), "aws-made", "aws s3 ls");
  await writeFile(aws.file("small.txt"), "clay\n");
  await aws.run(["s3", "cp", aws.file("small.txt"), "s3://aws-made/a/small.txt"]);
  const refused = await aws.attempt(["s3", "rb", "s3://aws-made"]);
  includes(refused.stderr, "BucketNotEmpty", "rb of a bucket that is not empty");
  const again = await aws.attempt(["s3", "mb", "s3://aws-made"]);
  includes(again.stderr, "BucketAlreadyOwnedByYou", "mb of a bucket that is there");
  await aws.run(["s3", "rb", "--force", "s3://aws-made"]);
  equal((await aws.text("s3", "ls")).includes("aws-made"), false, "the bucket is listed after rb --force");
}

async function copyFiles(aws: Aws): Promise<void> {
  await aws.withBucket("aws-copies", async (url) => {
    for (const [name, sizeBytes] of [
      ["empty", 0],
      ["small é +.bin", 10_000],
      ["large.bin", 50 * MB],
    ] as const) {
      const digest = await writeContent(aws.file("source"), name, sizeBytes);
      await aws.run([
        "s3",
        "cp",
        aws.file("source"),
        `${url}/${name}`,
        "--content-type",
        "application/x-clay",
        "--metadata",
        "kind=pot",
      ]);
      await aws.run(["s3", "cp", `${url}/${name}`, aws.file("target")]);
      await expectDigest(aws.file("target"), digest, name);
      const head = JSON.parse(await aws.text("s3api", "head-object", "--bucket", "aws-copies", "--key", name));
      equal(
        [head.ContentLength, head.ContentType, head.Metadata.kind],
        [sizeBytes, "application/x-clay", "pot"],
        `head of ${name}`,
      );
    }
    const listed = await aws.text("s3", "ls", url, "--recursive", "--summarize");
    includes(listed, "Total Objects: 3", "ls --summarize");
    includes(listed, `Total Size: ${50 * MB + 10_000}`, "ls --summarize");
  });
}

async function copyStreams(aws: Aws): Promise<void> {
  await aws.withBucket("aws-streams", async (url) => {
    for (const sizeBytes of [0, 1000, 12 * MB]) {
      const bytes = bytesOf(`stream ${sizeBytes}`, sizeBytes);
      await aws.run(["s3", "cp", "-", `${url}/stream`], { input: bytes });
      const back = await aws.run(["s3", "cp", `${url}/stream`, "-"]);
      equal(sha256Of(back.stdout), sha256Of(bytes), `a stream of ${sizeBytes} bytes`);
    }
  });
}

async function syncFolders(aws: Aws): Promise<void> {
  const [up, down] = [aws.file("up"), aws.file("down")];
  await mkdir(join(up, "deep", "er"), { recursive: true });
  for (let i = 0; i < 20; i++)
    await writeContent(join(up, i % 2 === 0 ? "deep/er" : "deep", `file ${i}.bin`), `sync ${i}`, i * 7000);
  await writeContent(join(up, "large.bin"), "sync large", 9 * MB);
  // S3 dates objects by whole seconds: a file of the same second would look newer than its own copy.
  const anHourAgo = new Date(Date.now() - 3600 * 1000);
  for (const file of Object.keys(await folderDigests(up))) await utimes(join(up, file), anHourAgo, anHourAgo);
  await aws.withBucket("aws-sync", async (url) => {
    await aws.run(["s3", "sync", up, `${url}/tree`]);
    equal((await aws.text("s3", "sync", up, `${url}/tree`)).trim(), "", "a second sync finds nothing to do");
    await aws.run(["s3", "sync", `${url}/tree`, down]);
    equal(await folderDigests(down), await folderDigests(up), "the tree after sync up and down");
    await rm(join(up, "large.bin"));
    await writeFile(join(up, "deep", "file 1.bin"), "changed and longer than before, so that size tells");
    await rm(join(up, "deep", "er"), { recursive: true });
    await aws.run(["s3", "sync", "--delete", up, `${url}/tree`]);
    await aws.run(["s3", "sync", "--delete", `${url}/tree`, down]);
    equal(await folderDigests(down), await folderDigests(up), "the tree after deletions");
  });
}

/**
 * An empty file is sent with `Expect: 100-continue`, which a server need not answer by 100. A botocore without the fix of
 * boto/botocore#3755 then reads the next answer on that connection wrongly and waits until the connection is closed.
 */
async function emptyThenAnother(aws: Aws): Promise<string> {
  const [folder, back] = [aws.file("empty-first"), aws.file("empty-first-back")];
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "1-empty"), "");
  for (const name of ["2", "3"]) await writeContent(join(folder, `${name}-full`), name, 20_000);
  let note = "";
  await aws.withBucket("aws-empty", async (url) => {
    await aws.run(["configure", "set", "default.s3.max_concurrent_requests", "1"]);
    const env = { ...aws.environment(), BOTO_EXPERIMENTAL__NO_EMPTY_CONTINUE: "false" };
    const { stderr } = await aws.run(["--debug", "s3", "cp", "--recursive", folder, url], { env });
    await aws.run(["configure", "set", "default.s3.max_concurrent_requests", "10"]);
    await aws.run(["s3", "cp", "--recursive", url, back]);
    equal(await folderDigests(back), await folderDigests(folder), "the files");
    note = stderr.includes("Failed to parse headers") ? "the next one stalls (boto/botocore#3755)" : "no stall";
  });
  return note;
}

async function moveAndRemove(aws: Aws): Promise<void> {
  await aws.withBucket("aws-moves", async (url) => {
    const digest = await writeContent(aws.file("moved"), "moved", 30_000);
    await aws.run(["s3", "mv", aws.file("moved"), `${url}/one/a`]);
    await aws.run(["s3", "mv", `${url}/one/a`, `${url}/two/b c`]);
    equal((await aws.attempt(["s3", "ls", `${url}/one/`])).stdout.toString(), "", "what is left at the old name");
    await aws.run(["s3", "mv", `${url}/two/b c`, aws.file("back")]);
    await expectDigest(aws.file("back"), digest, "the moved file");
    for (const name of ["x/1", "x/2", "x/deep/3", "y/4"])
      await aws.run(["s3", "cp", aws.file("back"), `${url}/${name}`]);
    await aws.run(["s3", "rm", "--recursive", `${url}/x/`]);
    equal((await aws.text("s3", "ls", "--recursive", url)).trim().split(/\s+/).pop(), "y/4", "the only key left");
  });
}

async function presign(aws: Aws): Promise<void> {
  await aws.withBucket("aws-presign", async (url) => {
    const bytes = bytesOf("presign", 123_456);
    await aws.run(["s3", "cp", "-", `${url}/pre signed+é.bin`], { input: bytes });
    const fetched = async (link: string) => sha256Of((await command(["curl", "-sS", "--fail-with-body", link])).stdout);
    const presignIt = ["s3", "presign", `${url}/pre signed+é.bin`, "--expires-in", "300"];
    equal(await fetched((await aws.text(...presignIt)).trim()), sha256Of(bytes), "body by a link of default make");
    await aws.run(["configure", "set", "default.s3.signature_version", "s3v4"]);
    const link = (await aws.text(...presignIt)).trim();
    includes(link, "X-Amz-Signature=", "a link by SigV4");
    equal(await fetched(link), sha256Of(bytes), "body by a SigV4 link");
  });
}

async function copyBetween(aws: Aws): Promise<void> {
  await aws.withBucket("aws-from", (from) =>
    aws.withBucket("aws-to", async (to) => {
      for (const [name, sizeBytes] of [
        ["small", 5000],
        ["large", 20 * MB],
      ] as const) {
        const bytes = bytesOf(`between ${name}`, sizeBytes);
        await aws.run(["s3", "cp", "-", `${from}/${name}`, "--content-type", "text/x-clay"], { input: bytes });
        await aws.run(["s3", "cp", `${from}/${name}`, `${to}/${name}`]);
        const back = await aws.run(["s3", "cp", `${to}/${name}`, "-"]);
        equal(sha256Of(back.stdout), sha256Of(bytes), `${name} copied between buckets`);
      }
      await aws.run(["s3", "sync", from, `${to}/synced`]);
      includes(await aws.text("s3", "ls", "--recursive", to), "synced/large", "sync between buckets");
    }),
  );
}

/** Version 2 copies tags and metadata along with a multipart copy; `none` leaves that out. */
function copyPropsJob(make: Make): Job {
  return {
    name: "cp-copy-props",
    async run(stage) {
      const aws = make(stage);
      let note = "";
      await aws.withBucket("aws-props", async (url) => {
        await aws.run(["s3", "cp", "-", `${url}/from`], { input: bytesOf("props", 20 * MB) });
        await aws.run(["s3", "cp", "--copy-props", "none", `${url}/from`, `${url}/none`]);
        const byDefault = await aws.attempt(["s3", "cp", `${url}/from`, `${url}/default`]);
        note = byDefault.code === 0 ? "the default works too" : `by default: ${byDefault.stderr.trim()}`;
      });
      return note;
    },
  };
}

async function selectContent(aws: Aws): Promise<void> {
  await aws.withBucket("aws-select", async () => {
    const at = ["--bucket", "aws-select", "--key", "people.csv"];
    await writeFile(aws.file("people.csv"), "name,age\nAnn,30\nBob,25\n");
    await aws.run(["s3api", "put-object", ...at, "--body", aws.file("people.csv")]);
    const query = ["--expression-type", "SQL", "--expression", "SELECT s.name FROM S3Object s WHERE s.age > 26"];
    const formats = [
      "--input-serialization",
      '{"CSV":{"FileHeaderInfo":"USE"}}',
      "--output-serialization",
      '{"CSV":{}}',
    ];
    await aws.run(["s3api", "select-object-content", ...at, ...query, ...formats, aws.file("selected.csv")]);
    equal(await readFile(aws.file("selected.csv"), "utf8"), "Ann\n", "select-object-content");
  });
}

async function apiCalls(aws: Aws): Promise<void> {
  await aws.withBucket("aws-api", async () => {
    const bucket = ["--bucket", "aws-api"];
    const bytes = bytesOf("api", 40_000);
    await writeFile(aws.file("api.bin"), bytes);
    const put = JSON.parse(
      await aws.text(
        "s3api",
        "put-object",
        ...bucket,
        "--key",
        "k",
        "--body",
        aws.file("api.bin"),
        "--checksum-algorithm",
        "SHA256",
      ),
    );
    const head = JSON.parse(
      await aws.text("s3api", "head-object", ...bucket, "--key", "k", "--checksum-mode", "ENABLED"),
    );
    equal([head.ETag, head.ChecksumSHA256, head.ContentLength], [put.ETag, put.ChecksumSHA256, 40_000], "head-object");
    await aws.run(["s3api", "get-object", ...bucket, "--key", "k", "--range", "bytes=100-299", aws.file("range.bin")]);
    equal(sha256Of(await readFile(aws.file("range.bin"))), sha256Of(bytes.subarray(100, 300)), "get-object --range");
    await aws.run(["s3api", "wait", "object-exists", ...bucket, "--key", "k"]);
    includes(await aws.text("s3api", "get-bucket-location", ...bucket), "LocationConstraint", "get-bucket-location");
    await aws.run(["s3api", "delete-objects", ...bucket, "--delete", '{"Objects":[{"Key":"k"}]}']);
    includes(
      (await aws.attempt(["s3api", "head-object", ...bucket, "--key", "k"])).stderr,
      "404",
      "head of a deleted object",
    );
  });
}

async function apiPages(aws: Aws): Promise<void> {
  await aws.withBucket("aws-pages", async (url) => {
    const folder = aws.file("pages");
    await mkdir(folder, { recursive: true });
    const names = Array.from({ length: 25 }, (_, i) => `page-${String(i).padStart(2, "0")}`);
    for (const name of names) await writeFile(join(folder, name), name);
    await aws.run(["s3", "sync", folder, url]);
    const list = ["s3api", "list-objects-v2", "--bucket", "aws-pages", "--query", "Contents[].Key", "--page-size"];
    for (const size of ["4", "25", "100"]) equal(JSON.parse(await aws.text(...list, size)), names, `pages of ${size}`);
    const first = JSON.parse(await aws.text("s3api", "list-objects-v2", "--bucket", "aws-pages", "--max-items", "10"));
    const rest = ["--starting-token", first.NextToken, "--query", "Contents[].Key"];
    equal(
      JSON.parse(await aws.text("s3api", "list-objects-v2", "--bucket", "aws-pages", ...rest)),
      names.slice(10),
      "from a token",
    );
  });
}

async function errors(aws: Aws): Promise<void> {
  includes((await aws.attempt(["s3", "ls", "s3://aws-never-made"])).stderr, "NoSuchBucket", "ls of a missing bucket");
  await aws.withBucket("aws-errors", async (url) => {
    includes((await aws.attempt(["s3", "cp", `${url}/missing`, "-"])).stderr, "404", "cp of a missing key");
    includes(
      (await aws.attempt(["s3api", "get-object", "--bucket", "aws-errors", "--key", "missing", "/dev/null"])).stderr,
      "NoSuchKey",
      "get-object",
    );
  });
}

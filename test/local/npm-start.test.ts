import { mkdtemp, rm, stat } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runLauncher, startServer } from "../support/server.ts";

// The main path of `npm start`; start.slow.test.ts has every refusal, signal and death of a process.

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sherd-test-"));
});
afterAll(() => rm(folder, { recursive: true, maxRetries: 5 }));

test("a start serves, an end leaves nothing running, and the next start has keys and objects", {
  tags: ["slow"],
}, async () => {
  const dataDir = join(folder, "data");
  const [Bucket, Key, Body] = ["bucket", "key", "kept over a restart"];
  const env = { SHERD_DOMAIN: "s3.test", SHERD_WEBSITE_DOMAIN: "web.test" };
  const first = await startServer({ dataDir, env });
  const clientOf = ({ endpoint, accessKeyId, secretAccessKey }: typeof first) =>
    new S3Client({
      endpoint,
      region: "us-east-1",
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
    });
  const client = clientOf(first);
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(new PutObjectCommand({ Bucket, Key, Body }));
  client.destroy();
  // The console is on the server's own host, and on none that names a bucket or a website.
  const page = await askHost(first.endpoint, "s3.test", "/-/console/");
  expect([page.status, page.body]).toEqual([200, expect.stringContaining('<div id="root">')]);
  for (const path of ["/-/console", "/-/console/", "/-/console/index.html", "/-/console/icon.svg"]) {
    const bucket = await askHost(first.endpoint, "bucket.s3.test", path);
    expect([path, bucket.status, /<Code>(.*)<\/Code>/.exec(bucket.body)?.[1]]).toEqual([path, 403, "AccessDenied"]);
    const website = await askHost(first.endpoint, "bucket.web.test", path);
    expect([path, website.status, website.body]).toEqual([path, 404, expect.stringContaining("NoSuchWebsite")]);
  }
  expect(await first.stop()).toBe(0);
  await expect(stat(join(dataDir, "sherd.pid"))).rejects.toThrow(/ENOENT/);

  const second = await startServer({ dataDir });
  const again = clientOf(second);
  const got = await again.send(new GetObjectCommand({ Bucket, Key }));
  expect(await got.Body?.transformToString()).toBe(Body);
  again.destroy();
  expect(await second.stop()).toBe(0);
});

test("a configuration that cannot be used is refused in one line, with 1", { tags: ["slow"] }, async () => {
  const args = ["--port", "0", "--data", join(folder, "refused")];
  const refused = await runLauncher(args, { SHERD_STORAGE_CLASSES: "STANDARD=8+4" });
  expect(refused.code).toBe(1);
  expect(refused.output).toMatch(/^sherd: the configuration cannot be used: .*needs 12 drives.*\n$/);
});

function askHost(endpoint: string, host: string, path: string): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    get(endpoint + path, { headers: { host } }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode, body }), reject);
    }).on("error", reject);
  });
}

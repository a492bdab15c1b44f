import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { Aws } from "./aws.ts";
import { type Client, runJobs, type Stage } from "./client.ts";
import { bytesOf } from "./content.ts";
import { equal } from "./expect.ts";
import { installPython, venvProgram, versionOf } from "./install.ts";
import { startServer } from "./server.ts";
import { bucketName, makeBucket } from "./stored.ts";

/** Whole seconds, as dates of headers are. The jobs of the server run every second then. */
const DAY_SECONDS = 2;
/** Three steps of two days at most, runs of the jobs, and a slow machine. */
const WAIT_MS_MAX = 60_000;

/** Logs and old versions that go by lifecycle rules, which the AWS CLI sets, on a server whose days are short. */
export function retentionClient(fresh: boolean): Client {
  return {
    name: "retention",
    required: true,
    sharesPython: true,
    async prepare() {
      const installed = await installPython("awscli", fresh);
      if (!installed.ok) return { ready: false, why: installed.why };
      return { ready: true, version: await versionOf([venvProgram("aws"), "--version"]) };
    },
    run: runJobs([{ name: "logs-and-versions-go-after-a-day", run: retention }]),
  };
}

async function retention(stage: Stage): Promise<string> {
  const server = await startServer({
    ...{ dataFolder: join(stage.folder, "retention"), port: 0 },
    ...{ accessKeyId: stage.accessKeyId, secretAccessKey: stage.secretAccessKey },
    variables: { SHERD_LIFECYCLE_DAY_SECONDS: String(DAY_SECONDS) },
  });
  try {
    const own = { ...stage, endpoint: server.endpoint };
    const bucket = bucketName("retained");
    return await keepsForADay(new Aws(own, venvProgram("aws")), await makeBucket(own, bucket), bucket);
  } finally {
    await server.stop();
  }
}

const RULES = {
  Rules: [
    { ID: "logs", Status: "Enabled", Filter: { Prefix: "logs/" }, Expiration: { Days: 1 } },
    { ID: "old", Status: "Enabled", Filter: {}, NoncurrentVersionExpiration: { NoncurrentDays: 1 } },
  ],
};

async function keepsForADay(aws: Aws, s3: S3Client, Bucket: string): Promise<string> {
  const bucket = ["--bucket", Bucket];
  const VersioningConfiguration = { Status: "Enabled" } as const;
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  await aws.api("put-bucket-lifecycle-configuration", ...bucket, "--lifecycle-configuration", JSON.stringify(RULES));
  equal((await aws.api("get-bucket-lifecycle-configuration", ...bucket)).Rules, RULES.Rules, "rules that came back");
  const Body = bytesOf("line", 300_000);
  const put = (Key: string) => s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  await put("kept");
  equal((await put("kept")).Expiration, undefined, "the expiration of what no rule removes");
  const beganMs = Date.now();
  const dueMs = expiryOf((await put("logs/1")).Expiration);
  equal(dueMs > beganMs + DAY_SECONDS * 1000 - 1000, true, "the log is kept for a day");

  // The log gets a delete marker, its version goes, then the marker is alone and goes; of what is kept the old version goes.
  let left = await listed(s3, Bucket);
  while (left.join() !== "kept" && Date.now() - beganMs < WAIT_MS_MAX) {
    await sleep(200);
    left = await listed(s3, Bucket);
    if (left.includes("logs/1 marker")) equal(Date.now() >= dueMs, true, "the marker is no earlier than was told");
  }
  equal(left, ["kept"], "what is left");
  return `gone after ${((Date.now() - beganMs) / 1000).toFixed(0)} s, of days of ${DAY_SECONDS} s`;
}

/** The time in `x-amz-expiration`, which has to name the rule. */
function expiryOf(expiration: string | undefined): number {
  const found = /^expiry-date="([^"]+)", rule-id="logs"$/.exec(expiration ?? "");
  if (found?.[1] === undefined) throw new Error(`the expiration: ${expiration}`);
  return Date.parse(found[1]);
}

/** Keys of all versions, delete markers named as such. */
async function listed(s3: S3Client, Bucket: string): Promise<string[]> {
  const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
  return [...Versions.map(({ Key }) => `${Key}`), ...DeleteMarkers.map(({ Key }) => `${Key} marker`)].sort();
}

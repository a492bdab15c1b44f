import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, Aws } from "./aws.ts";
import { type Client, runJobs, type Stage } from "./client.ts";
import { writeContent } from "./content.ts";
import { equal } from "./expect.ts";
import { installPython, venvProgram, versionOf } from "./install.ts";
import { startServer } from "./server.ts";

/** Whole seconds, as dates of headers are. The jobs of the server run every second then. */
const DAY_SECONDS = 2;
/** Three steps of two days at most, runs of the jobs, and a slow machine. */
const WAIT_MS_MAX = 60_000;

/** Logs and old versions that go by lifecycle rules, put by the AWS CLI, on a server whose days are short. */
export function retentionClient(fresh: boolean): Client {
  return {
    name: "retention",
    required: true,
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
    return await keepsForADay(new Aws({ ...stage, endpoint: server.endpoint }, venvProgram("aws")), stage.folder);
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

async function keepsForADay(aws: Aws, folder: string): Promise<string> {
  const bucket = ["--bucket", "retained"];
  await writeContent(join(folder, "line"), "line", 300_000);
  const put = (key: string) => aws.api("put-object", ...bucket, "--key", key, "--body", join(folder, "line"));
  await aws.api("create-bucket", ...bucket);
  await aws.api("put-bucket-versioning", ...bucket, "--versioning-configuration", "Status=Enabled");
  await aws.api("put-bucket-lifecycle-configuration", ...bucket, "--lifecycle-configuration", JSON.stringify(RULES));
  equal((await aws.api("get-bucket-lifecycle-configuration", ...bucket)).Rules, RULES.Rules, "rules that came back");
  await put("kept");
  equal((await put("kept")).Expiration, undefined, "the expiration of what no rule removes");
  const beganMs = Date.now();
  const dueMs = expiryOf(await put("logs/1"));
  equal(dueMs > beganMs + DAY_SECONDS * 1000 - 1000, true, "the log is kept for a day");

  // The log gets a delete marker, its version goes, then the marker is alone and goes; of what is kept the old version goes.
  let left = await listed(aws, bucket);
  while (left.join() !== "kept" && Date.now() - beganMs < WAIT_MS_MAX) {
    await sleep(1_000);
    left = await listed(aws, bucket);
    if (left.includes("logs/1 marker")) equal(Date.now() >= dueMs, true, "the marker is no earlier than was told");
  }
  equal(left, ["kept"], "what is left");
  return `gone after ${((Date.now() - beganMs) / 1000).toFixed(0)} s, of days of ${DAY_SECONDS} s`;
}

/** The time in `x-amz-expiration`, which has to name the rule. */
function expiryOf({ Expiration }: Answer): number {
  const found = /^expiry-date="([^"]+)", rule-id="logs"$/.exec(String(Expiration));
  if (found?.[1] === undefined) throw new Error(`the expiration: ${Expiration}`);
  return Date.parse(found[1]);
}

/** Keys of all versions, delete markers named as such. */
async function listed(aws: Aws, bucket: readonly string[]): Promise<string[]> {
  const query = ["--query", "[Versions[].Key, DeleteMarkers[].Key]"];
  const answer = await aws.text("s3api", "list-object-versions", ...bucket, ...query);
  const [versions, markers] = JSON.parse(answer) as (string[] | null)[];
  return [...(versions ?? []), ...(markers ?? []).map((key) => `${key} marker`)].sort();
}

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Aws } from "./aws.ts";
import { type Client, runJobs, type Stage } from "./client.ts";
import { writeContent } from "./content.ts";
import { equal } from "./expect.ts";
import { installPython, venvProgram, versionOf } from "./install.ts";
import { startServer } from "./server.ts";

const DAY_SECONDS = 6;
/** Two days at the most, and a run of the jobs. */
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

async function retention(stage: Stage): Promise<void> {
  const server = await startServer({
    ...{ dataFolder: join(stage.folder, "retention"), port: 0 },
    ...{ accessKeyId: stage.accessKeyId, secretAccessKey: stage.secretAccessKey },
    variables: { SHERD_LIFECYCLE_DAY_SECONDS: String(DAY_SECONDS) },
  });
  try {
    await keepsForADay(new Aws({ ...stage, endpoint: server.endpoint }, venvProgram("aws")), stage.folder);
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

async function keepsForADay(aws: Aws, folder: string): Promise<void> {
  const bucket = "retained";
  const at = ["--bucket", bucket];
  const api = (...args: string[]) => aws.text("s3api", ...args);
  const file = join(folder, "line");
  await writeContent(file, "line", 300_000);
  await api("create-bucket", ...at);
  await api("put-bucket-versioning", ...at, "--versioning-configuration", "Status=Enabled");
  await api("put-bucket-lifecycle-configuration", ...at, "--lifecycle-configuration", JSON.stringify(RULES));
  const found = JSON.parse(await api("get-bucket-lifecycle-configuration", ...at)) as { Rules: unknown[] };
  equal(found.Rules.length, 2, "rules that came back");
  for (const key of ["logs/1", "logs/2", "kept", "kept"]) await api("put-object", ...at, "--key", key, "--body", file);
  const listed = async (): Promise<string[]> => {
    const query = ["--query", "[Versions[].Key, DeleteMarkers[].Key]", "--output", "json"];
    const [versions, markers] = JSON.parse(await api("list-object-versions", ...at, ...query)) as (string[] | null)[];
    return [...(versions ?? []), ...(markers ?? []).map((key) => `${key} marker`)].sort();
  };
  const beganMs = Date.now();
  // The logs become delete markers, then their versions go; of what is kept the old version goes; in the end the markers are alone.
  while ((await listed()).join() !== "kept" && Date.now() - beganMs < WAIT_MS_MAX) await sleep(1_000);
  equal((await listed()).join(), "kept", "what is left");
}

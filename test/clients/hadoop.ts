import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { type Client, type Job, runJobs, type Stage } from "./client.ts";
import { attempt, cleanEnvironment } from "./command.ts";
import { equal } from "./expect.ts";
import { buildHadoop, hadoopClassPath } from "./install-source.ts";
import { bucketName, makeBucket } from "./stored.ts";

const RUN_MS = 900_000;

/**
 * Hadoop's own contract tests of S3A, compiled from the sources that it publishes. Two are left out: DistCp's need a
 * MapReduce cluster, the analytics stream's another client.
 */
export function hadoopClient(): Client {
  return {
    name: "hadoop-s3a",
    required: false,
    slow: true,
    async prepare() {
      const built = await buildHadoop();
      if (!built.ok) return { ready: false, why: built.why };
      return { ready: true, version: "3.5.0" };
    },
    run: runJobs([{ name: "contract-tests", run: contractTests }] satisfies Job[]),
  };
}

async function contractTests(stage: Stage): Promise<string> {
  const bucket = bucketName("hadoop");
  (await makeBucket(stage, bucket)).destroy();
  const configuration = join(stage.folder, "conf");
  await mkdir(configuration);
  await writeFile(join(configuration, "auth-keys.xml"), settingsOf(stage, bucket));
  await writeFile(join(configuration, "log4j.properties"), "log4j.rootLogger=OFF\n");
  const argv = [
    ...["java", "-cp", [configuration, ...hadoopClassPath()].join(delimiter)],
    ...["org.junit.platform.console.ConsoleLauncher", "execute", "--disable-ansi-colors", "--details=tree"],
    ...["--select-package", "org.apache.hadoop.fs.contract.s3a"],
    ...["--include-classname", ".*ITestS3AContract.*", "--exclude-classname", ".*(DistCp|Analytics).*"],
  ];
  const options = { cwd: stage.folder, env: cleanEnvironment(stage), timeoutMs: RUN_MS };
  const printed = (await attempt(argv, options)).stdout.toString();
  const count = (what: string) => Number(new RegExp(`\\[\\s*(\\d+) tests ${what}`).exec(printed)?.[1] ?? -1);
  const failures = printed.split("\n").filter((line) => line.includes("[X]"));
  equal(failures, [], "tests that failed");
  equal([count("failed"), count("successful") > 150], [0, true], `the summary ${printed.slice(-1500)}`);
  return `${count("successful")} pass, ${count("aborted")} do not apply to an object store`;
}

/** Hadoop's core-site.xml, which is among its sources, includes this file. */
function settingsOf(stage: Stage, bucket: string): string {
  const settings = {
    "fs.contract.test.fs.s3a": `s3a://${bucket}/`,
    "test.fs.s3a.name": `s3a://${bucket}/`,
    "fs.s3a.endpoint": stage.endpoint,
    "fs.s3a.endpoint.region": stage.region,
    "fs.s3a.path.style.access": "true",
    "fs.s3a.connection.ssl.enabled": "false",
    "fs.s3a.access.key": stage.accessKeyId,
    "fs.s3a.secret.key": stage.secretAccessKey,
    "hadoop.tmp.dir": join(stage.folder, "tmp"),
  };
  const properties = Object.entries(settings).map(
    ([name, value]) => `<property><name>${name}</name><value>${value}</value></property>`,
  );
  return `<configuration>${properties.join("\n")}</configuration>\n`;
}

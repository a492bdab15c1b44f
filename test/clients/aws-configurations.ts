import { writeFile } from "node:fs/promises";
import type { Answer, Aws, Make } from "./aws.ts";
import type { Job } from "./client.ts";
import { command } from "./command.ts";
import { equal } from "./expect.ts";

/** What becomes of a bucket's objects with time, and who is told of it: each configuration by `aws s3api`. */
export function awsConfigurationJobs(make: Make): Job[] {
  return [{ name: "s3api-configurations", run: (stage) => configurations(make(stage)) }];
}

const BUCKET = "aws-configured";
const REPORTS = "aws-configured-reports";
const QUEUE = "aws-configured-news";
const ACCOUNT = "100000000001";
const QUEUE_ARN = `arn:aws:sqs:us-east-1:${ACCOUNT}:${QUEUE}`;

/** A configuration: the commands `put-NAME`, `get-NAME` and `delete-NAME`, and `list-NAMEs` if a bucket may have many. */
interface Configuration {
  name: string;
  /** The option of the put that takes the document. */
  option: string;
  document: object;
  /** What the get answers, if it is more than the document. */
  answer?: object;
  /** More options of the put. */
  put?: readonly string[];
  /** A document that the server refuses, and its code. */
  bad: { document: object; code: string };
  /** One of several: its id, and the member of an answer that holds it. */
  one?: { id: string; member: string };
  /** How it is taken away, if not by `delete-NAME`. */
  remove?: readonly string[];
  /** What a get answers when it is gone, or the code of its refusal. */
  gone: string | object;
}

const rule = { ID: "logs", Status: "Enabled", Filter: { Prefix: "logs/" } };
const lifecycle = { Rules: [{ ...rule, Expiration: { Days: 30 } }] };
const TIERING = "bucket-intelligent-tiering-configuration";
const tiering = {
  Id: "cold",
  Status: "Enabled",
  Filter: { Prefix: "logs/" },
  Tierings: [{ Days: 90, AccessTier: "ARCHIVE_ACCESS" }],
};
const inventory = {
  Id: "all",
  IsEnabled: true,
  IncludedObjectVersions: "Current",
  Schedule: { Frequency: "Weekly" },
  OptionalFields: ["Size", "StorageClass"],
  Destination: { S3BucketDestination: { Bucket: `arn:aws:s3:::${REPORTS}`, Format: "CSV", Prefix: "inv" } },
};
const logging = { LoggingEnabled: { TargetBucket: REPORTS, TargetPrefix: "log/" } };
const notification = {
  QueueConfigurations: [
    {
      Id: "expired",
      QueueArn: QUEUE_ARN,
      Events: ["s3:LifecycleExpiration:*"],
      Filter: { Key: { FilterRules: [{ Name: "Prefix", Value: "logs/" }] } },
    },
  ],
};
const encryption = (SSEAlgorithm: string, BucketKeyEnabled: boolean, blocked: string) => ({
  Rules: [
    {
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm },
      BucketKeyEnabled,
      BlockedEncryptionTypes: { EncryptionType: [blocked] },
    },
  ],
});
const website = { IndexDocument: { Suffix: "index.html" }, ErrorDocument: { Key: "404.html" } };

const CONFIGURATIONS: readonly Configuration[] = [
  {
    name: "bucket-lifecycle-configuration",
    option: "--lifecycle-configuration",
    document: lifecycle,
    put: ["--transition-default-minimum-object-size", "varies_by_storage_class"],
    answer: { TransitionDefaultMinimumObjectSize: "varies_by_storage_class", ...lifecycle },
    bad: { document: { Rules: [{ ...rule, Expiration: { Days: 0 } }] }, code: "InvalidArgument" },
    remove: ["delete-bucket-lifecycle"],
    gone: "NoSuchLifecycleConfiguration",
  },
  {
    name: "bucket-website",
    option: "--website-configuration",
    document: website,
    bad: { document: { IndexDocument: { Suffix: "a/index.html" } }, code: "InvalidArgument" },
    gone: "NoSuchWebsiteConfiguration",
  },
  {
    name: "bucket-inventory-configuration",
    option: "--inventory-configuration",
    document: inventory,
    bad: { document: { ...inventory, Schedule: { Frequency: "Hourly" } }, code: "MalformedXML" },
    one: { id: "all", member: "InventoryConfiguration" },
    gone: "NoSuchConfiguration",
  },
  {
    name: TIERING,
    option: "--intelligent-tiering-configuration",
    document: tiering,
    bad: {
      document: { ...tiering, Tierings: [{ Days: 10, AccessTier: "ARCHIVE_ACCESS" }] },
      code: "InvalidArgument",
    },
    one: { id: "cold", member: "IntelligentTieringConfiguration" },
    gone: "NoSuchConfiguration",
  },
  {
    name: "bucket-logging",
    option: "--bucket-logging-status",
    document: logging,
    answer: { LoggingEnabled: { ...logging.LoggingEnabled, TargetObjectKeyFormat: { SimplePrefix: {} } } },
    bad: {
      document: { LoggingEnabled: { ...logging.LoggingEnabled, TargetBucket: "aws-never-made" } },
      code: "InvalidTargetBucketForLogging",
    },
    remove: ["put-bucket-logging", "--bucket-logging-status", "{}"],
    gone: {},
  },
  {
    name: "bucket-notification-configuration",
    option: "--notification-configuration",
    document: notification,
    bad: {
      document: { QueueConfigurations: [{ QueueArn: QUEUE_ARN, Events: ["s3:ObjectForgotten:*"] }] },
      code: "InvalidArgument",
    },
    remove: ["put-bucket-notification-configuration", "--notification-configuration", "{}"],
    gone: {},
  },
  {
    name: "bucket-encryption",
    option: "--server-side-encryption-configuration",
    document: encryption("aws:kms", true, "NONE"),
    answer: { ServerSideEncryptionConfiguration: encryption("aws:kms", true, "NONE") },
    bad: { document: encryption("ROT13", false, "NONE"), code: "MalformedXML" },
    // The default of the server.
    gone: { ServerSideEncryptionConfiguration: encryption("AES256", false, "SSE-C") },
  },
];

async function configurations(aws: Aws): Promise<void> {
  await aws.withBucket(BUCKET, () =>
    aws.withBucket(REPORTS, async () => {
      const Policy = queuePolicy();
      const attributes = ["--attributes", JSON.stringify({ Policy })];
      const made = await aws.text("sqs", "create-queue", "--queue-name", QUEUE, ...attributes);
      try {
        await aws.api("put-bucket-policy", "--bucket", REPORTS, "--policy", reportsPolicy());
        // A start of the CLI takes a second of a core.
        await Promise.all([...CONFIGURATIONS.map((one) => putGetDelete(aws, one)), preview(aws)]);
      } finally {
        await aws.run(["sqs", "delete-queue", "--queue-url", (JSON.parse(made) as { QueueUrl: string }).QueueUrl]);
      }
    }),
  );
}

async function putGetDelete(aws: Aws, configuration: Configuration): Promise<void> {
  const { name, option, document, put = [], one, gone } = configuration;
  const bucket = ["--bucket", BUCKET];
  const at = one ? [...bucket, "--id", one.id] : bucket;
  const bad = JSON.stringify(configuration.bad.document);
  await aws.refused(configuration.bad.code, `put-${name}`, ...at, option, bad);
  await aws.api(`put-${name}`, ...at, option, JSON.stringify(document), ...put);
  const wanted = configuration.answer ?? (one ? { [one.member]: document } : document);
  equal(await aws.api(`get-${name}`, ...at), wanted, `get-${name}`);
  if (one) {
    const listed = await aws.api(`list-${name}s`, ...bucket);
    equal(listed[`${one.member}List`], [document], `list-${name}s`);
  }
  const [remove = `delete-${name}`, ...options] = configuration.remove ?? [];
  await aws.api(remove, ...at, ...options);
  if (typeof gone === "string") await aws.refused(gone, `get-${name}`, ...at);
  else equal(await aws.api(`get-${name}`, ...at), gone, `get-${name} when it is gone`);
}

/** The same document that the CLI puts, asked what it would do, and with the header's value as the parameter. */
async function preview(aws: Aws): Promise<void> {
  const { accessKeyId, secretAccessKey, endpoint } = aws.stage;
  await writeFile(aws.file("rules.json"), JSON.stringify(lifecycle));
  const size = "transition-default-minimum-object-size=varies_by_storage_class";
  const curl = ["curl", "-sS", "--fail-with-body", "--user", `${accessKeyId}:${secretAccessKey}`];
  const url = `${endpoint}/-/lifecycle-preview/${BUCKET}?${size}`;
  const { stdout } = await command([...curl, "--data-binary", `@${aws.file("rules.json")}`, url]);
  const answer = JSON.parse(stdout.toString()) as Answer;
  equal([answer.looked, answer.rules, answer.next], [0, [], null], "the preview of an empty bucket");
}

const condition = { ArnLike: { "aws:SourceArn": `arn:aws:s3:::${BUCKET}` } };

function queuePolicy(): string {
  const Principal = { Service: "s3.amazonaws.com" };
  const statement = { Effect: "Allow", Principal, Action: "sqs:SendMessage", Resource: QUEUE_ARN };
  return JSON.stringify({ Version: "2012-10-17", Statement: [{ ...statement, Condition: condition }] });
}

function reportsPolicy(): string {
  const Resource = `arn:aws:s3:::${REPORTS}/*`;
  const statements = ["s3.amazonaws.com", "logging.s3.amazonaws.com"].map((Service) => ({
    ...{ Effect: "Allow", Principal: { Service }, Action: "s3:PutObject", Resource },
    Condition: { ...condition, StringEquals: { "aws:SourceAccount": ACCOUNT } },
  }));
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

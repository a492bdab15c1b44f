import { amendPolicy } from "../amend-policy.ts";
import type { AwsClient } from "../client.ts";
import { fromXml, type Member, type Shape, toXml } from "../documents.ts";
import { children, textAt } from "../xml.ts";
import { type Configuration, getPolicy, putPolicy } from "./bucket-settings.ts";
import { checksumHeader } from "./checksum.ts";

const NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";
const text: Member = { shape: "string" };
const one = (shape: Shape): Member => ({ shape });

/** Which of a grantee's members is there says of which type it is: the store needs no more than that. */
const GRANT: Shape = {
  Grantee: one({ ID: text, DisplayName: text, URI: text, EmailAddress: text }),
  Permission: text,
};

/** Where the access log of a bucket goes. */
export const LOGGING: Configuration = {
  query: "logging",
  root: "BucketLoggingStatus",
  shape: {
    LoggingEnabled: one({
      TargetBucket: text,
      TargetPrefix: text,
      TargetGrants: { shape: GRANT, xml: "Grant", isList: true, wrapper: "TargetGrants" },
      TargetObjectKeyFormat: one({
        SimplePrefix: one({}),
        PartitionedPrefix: one({ PartitionDateSource: text }),
      }),
    }),
  },
};

export interface LoggingStatus {
  LoggingEnabled?: {
    TargetBucket: string;
    TargetPrefix: string;
    /** What others may do with the log's objects, as other clients have set it. */
    TargetGrants?: object[];
    TargetObjectKeyFormat?: { SimplePrefix?: object; PartitionedPrefix?: { PartitionDateSource: string } };
  };
}

/** A kind of configuration of which a bucket has several, each by its id. */
export interface NamedKind<Value> {
  /** `inventory`. */
  query: string;
  /** `InventoryConfiguration`. */
  root: string;
  shape: Shape;
  /** Only for its type. */
  example?: Value;
}

export interface Inventory {
  Id: string;
  IsEnabled: boolean;
  IncludedObjectVersions: "All" | "Current";
  Filter?: { Prefix: string };
  Schedule: { Frequency: "Daily" | "Weekly" };
  OptionalFields?: string[];
  Destination: {
    S3BucketDestination: { Bucket: string; Format: "CSV" | "Parquet"; Prefix?: string };
  };
}

export const INVENTORY: NamedKind<Inventory> = {
  query: "inventory",
  root: "InventoryConfiguration",
  shape: {
    Id: text,
    IsEnabled: one("boolean"),
    IncludedObjectVersions: text,
    Filter: one({ Prefix: text }),
    Schedule: one({ Frequency: text }),
    OptionalFields: { shape: "string", xml: "Field", isList: true, wrapper: "OptionalFields" },
    Destination: one({ S3BucketDestination: one({ Bucket: text, Format: text, Prefix: text }) }),
  },
};

/** Beside other conditions the prefix is in `And`. */
export interface Filter {
  Prefix?: string;
  And?: { Prefix?: string };
}

export function prefixOf(filter: Filter | undefined): string {
  return filter?.Prefix ?? filter?.And?.Prefix ?? "";
}

export interface Tiering {
  Id: string;
  Status: "Enabled" | "Disabled";
  Filter?: Filter;
  Tierings: { AccessTier: "ARCHIVE_ACCESS" | "DEEP_ARCHIVE_ACCESS"; Days: number }[];
}

export const TIERING: NamedKind<Tiering> = {
  query: "intelligent-tiering",
  root: "IntelligentTieringConfiguration",
  shape: {
    Id: text,
    Status: text,
    Filter: one({ Prefix: text, And: one({ Prefix: text }) }),
    Tierings: { shape: { AccessTier: text, Days: one("number") }, xml: "Tiering", isList: true },
  },
};

/** All of the bucket, page by page. */
export async function listNamed<Value>(client: AwsClient, bucket: string, kind: NamedKind<Value>): Promise<Value[]> {
  const found: Value[] = [];
  let token: string | undefined;
  do {
    const query = { [kind.query]: "", "continuation-token": token };
    const root = await client.s3Xml({ path: `/${bucket}`, query });
    found.push(...children(root, kind.root).map((element) => fromXml(kind.shape, element) as Value));
    token = textAt(root, "NextContinuationToken") || undefined;
  } while (token !== undefined);
  return found;
}

export async function putNamed<Value extends { Id: string }>(
  client: AwsClient,
  bucket: string,
  { query, root, shape }: NamedKind<Value>,
  value: Value,
): Promise<void> {
  const body = `<${root} xmlns="${NAMESPACE}">${toXml(shape, value)}</${root}>`;
  const headers = { ...(await checksumHeader(body)), "content-type": "application/xml" };
  await client.s3({ method: "PUT", path: `/${bucket}`, query: { [query]: "", id: value.Id }, body, headers });
}

export async function deleteNamed(
  client: AwsClient,
  bucket: string,
  { query }: Pick<NamedKind<unknown>, "query">,
  id: string,
): Promise<void> {
  await client.s3({ method: "DELETE", path: `/${bucket}`, query: { [query]: "", id } });
}

/** Who writes, where to, and for which bucket. */
interface Writer {
  /** Tells the statements of a target apart: `logging/BUCKET`, `inventory/BUCKET/ID`. */
  name: string;
  service: "logging.s3.amazonaws.com" | "s3.amazonaws.com";
  target: string;
  prefix: string;
  source: string;
}

/** Lets a service of S3 put objects below a prefix, by a statement of the target's policy. */
export async function allowWriter(client: AwsClient, { name, service, target, prefix, source }: Writer): Promise<void> {
  const amended = amendPolicy((await getPolicy(client, target)) ?? "", {
    Sid: `console-${name}`,
    Effect: "Allow",
    Principal: { Service: service },
    Action: "s3:PutObject",
    Resource: `arn:aws:s3:::${target}/${prefix}*`,
    Condition: { ArnLike: { "aws:SourceArn": `arn:aws:s3:::${source}` } },
  });
  await putPolicy(client, target, amended);
}

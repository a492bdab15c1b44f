import type { AwsClient } from "../client.ts";
import { fromXml, type Shape, TAGGING, toXml } from "../documents.ts";
import { AwsError } from "../errors.ts";
import { at, children, escapeXml, textAt } from "../xml.ts";
import { checksumHeader } from "./checksum.ts";

const NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";

/** A subresource of a bucket that is a document: `?cors`. */
export interface Configuration {
  /** `cors`. */
  query: string;
  /** `CORSConfiguration`. */
  root: string;
  shape: Shape;
  /** Code of the error that says that the bucket has none. */
  unset?: string;
}

/** The document as JSON, in the form of the AWS CLI; null if the bucket has none. */
export async function getConfiguration(client: AwsClient, bucket: string, { query, shape, unset }: Configuration) {
  const root = await orNull(unset, () => client.s3Xml({ path: `/${bucket}`, query: { [query]: "" } }));
  return root === null ? null : fromXml(shape, root);
}

/** Throws `DocumentError` for JSON that is not of the configuration's form, before anything is sent. */
export async function putConfiguration(
  client: AwsClient,
  bucket: string,
  { query, root, shape }: Configuration,
  value: unknown,
): Promise<void> {
  await putXml(client, bucket, query, `<${root} xmlns="${NAMESPACE}">${toXml(shape, value)}</${root}>`);
}

export async function deleteConfiguration(client: AwsClient, bucket: string, query: string): Promise<void> {
  await client.s3({ method: "DELETE", path: `/${bucket}`, query: { [query]: "" } });
}

async function putXml(client: AwsClient, bucket: string, query: string, body: string): Promise<void> {
  const headers = { ...(await checksumHeader(body)), "content-type": "application/xml" };
  await client.s3({ method: "PUT", path: `/${bucket}`, query: { [query]: "" }, body, headers });
}

async function orNull<Value>(code: string | undefined, ask: () => Promise<Value>): Promise<Value | null> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof AwsError && error.code === code) return null;
    throw error;
  }
}

export async function putVersioning(client: AwsClient, bucket: string, status: "Enabled" | "Suspended") {
  const body = `<VersioningConfiguration xmlns="${NAMESPACE}"><Status>${status}</Status></VersioningConfiguration>`;
  await putXml(client, bucket, "versioning", body);
}

export interface LockDefault {
  mode: "GOVERNANCE" | "COMPLIANCE";
  count: number;
  unit: "Days" | "Years";
}

/** Whether the bucket has object lock, and what new objects get; null: it has none. */
export async function getLock(client: AwsClient, bucket: string): Promise<{ retention: LockDefault | null } | null> {
  const root = await orNull("ObjectLockConfigurationNotFoundError", () =>
    client.s3Xml({ path: `/${bucket}`, query: { "object-lock": "" } }),
  );
  if (root === null || textAt(root, "ObjectLockEnabled") !== "Enabled") return null;
  const retention = at(root, "Rule", "DefaultRetention");
  if (retention === null) return { retention: null };
  const unit = at(retention, "Years") === null ? "Days" : "Years";
  const mode = textAt(retention, "Mode") === "COMPLIANCE" ? "COMPLIANCE" : "GOVERNANCE";
  return { retention: { mode, unit, count: Number(textAt(retention, unit)) } };
}

/** Turns object lock on, permanently, and sets what new objects get. */
export async function putLock(client: AwsClient, bucket: string, retention: LockDefault | null): Promise<void> {
  await putXml(client, bucket, "object-lock", lockDocument(retention));
}

export function lockDocument(retention: LockDefault | null): string {
  const rule =
    retention === null
      ? ""
      : `<Rule><DefaultRetention><Mode>${retention.mode}</Mode><${retention.unit}>${retention.count}</${retention.unit}></DefaultRetention></Rule>`;
  return `<ObjectLockConfiguration xmlns="${NAMESPACE}"><ObjectLockEnabled>Enabled</ObjectLockEnabled>${rule}</ObjectLockConfiguration>`;
}

export interface Encryption {
  algorithm: "AES256" | "aws:kms" | "aws:kms:dsse";
  /** ARN, id or alias; `""` is the account's own key. */
  keyId: string;
  bucketKey: boolean;
}

/** What new objects are encrypted with; null: they are not. */
export async function getEncryption(client: AwsClient, bucket: string): Promise<Encryption | null> {
  const root = await orNull("ServerSideEncryptionConfigurationNotFoundError", () =>
    client.s3Xml({ path: `/${bucket}`, query: { encryption: "" } }),
  );
  const rule = at(root, "Rule");
  const algorithm = textAt(rule, "ApplyServerSideEncryptionByDefault", "SSEAlgorithm");
  if (algorithm !== "AES256" && algorithm !== "aws:kms" && algorithm !== "aws:kms:dsse") return null;
  const keyId = textAt(rule, "ApplyServerSideEncryptionByDefault", "KMSMasterKeyID");
  return { algorithm, keyId, bucketKey: textAt(rule, "BucketKeyEnabled") === "true" };
}

export async function putEncryption(client: AwsClient, bucket: string, encryption: Encryption): Promise<void> {
  await putXml(client, bucket, "encryption", encryptionDocument(encryption));
}

export function encryptionDocument({ algorithm, keyId, bucketKey }: Encryption): string {
  const isKms = algorithm !== "AES256";
  const key = isKms && keyId !== "" ? `<KMSMasterKeyID>${escapeXml(keyId)}</KMSMasterKeyID>` : "";
  const reuse = algorithm === "aws:kms" ? `<BucketKeyEnabled>${bucketKey}</BucketKeyEnabled>` : "";
  const byDefault = `<ApplyServerSideEncryptionByDefault><SSEAlgorithm>${algorithm}</SSEAlgorithm>${key}</ApplyServerSideEncryptionByDefault>`;
  return `<ServerSideEncryptionConfiguration xmlns="${NAMESPACE}"><Rule>${byDefault}${reuse}</Rule></ServerSideEncryptionConfiguration>`;
}

export const PUBLIC_ACCESS_MEMBERS = [
  "BlockPublicAcls",
  "IgnorePublicAcls",
  "BlockPublicPolicy",
  "RestrictPublicBuckets",
] as const;
export type PublicAccessBlock = Record<(typeof PUBLIC_ACCESS_MEMBERS)[number], boolean>;

export async function getPublicAccessBlock(client: AwsClient, bucket: string): Promise<PublicAccessBlock> {
  const root = await orNull("NoSuchPublicAccessBlockConfiguration", () =>
    client.s3Xml({ path: `/${bucket}`, query: { publicAccessBlock: "" } }),
  );
  const of = (name: string) => textAt(root, name) === "true";
  const [acls, ignore, policy, restrict] = PUBLIC_ACCESS_MEMBERS.map(of);
  return {
    BlockPublicAcls: acls ?? false,
    IgnorePublicAcls: ignore ?? false,
    BlockPublicPolicy: policy ?? false,
    RestrictPublicBuckets: restrict ?? false,
  };
}

export async function putPublicAccessBlock(client: AwsClient, bucket: string, block: PublicAccessBlock): Promise<void> {
  const members = PUBLIC_ACCESS_MEMBERS.map((name) => `<${name}>${block[name]}</${name}>`).join("");
  const body = `<PublicAccessBlockConfiguration xmlns="${NAMESPACE}">${members}</PublicAccessBlockConfiguration>`;
  await putXml(client, bucket, "publicAccessBlock", body);
}

/** The bucket policy's text; null if there is none. */
export async function getPolicy(client: AwsClient, bucket: string): Promise<string | null> {
  return orNull("NoSuchBucketPolicy", async () => {
    const response = await client.s3({ path: `/${bucket}`, query: { policy: "" } });
    return response.text();
  });
}

export async function putPolicy(client: AwsClient, bucket: string, policy: string): Promise<void> {
  await client.s3({ method: "PUT", path: `/${bucket}`, query: { policy: "" }, body: policy });
}

/** Whether the policy lets anybody in; null if there is no policy. */
export async function isPolicyPublic(client: AwsClient, bucket: string): Promise<boolean | null> {
  const root = await orNull("NoSuchBucketPolicy", () =>
    client.s3Xml({ path: `/${bucket}`, query: { policyStatus: "" } }),
  );
  return root === null ? null : textAt(root, "IsPublic") === "true";
}

export const OWNERSHIPS = ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"] as const;
export type Ownership = (typeof OWNERSHIPS)[number];

export async function getOwnership(client: AwsClient, bucket: string): Promise<Ownership> {
  const root = await orNull("OwnershipControlsNotFoundError", () =>
    client.s3Xml({ path: `/${bucket}`, query: { ownershipControls: "" } }),
  );
  const found = textAt(root, "Rule", "ObjectOwnership");
  return OWNERSHIPS.find((one) => one === found) ?? "ObjectWriter";
}

export async function putOwnership(client: AwsClient, bucket: string, ownership: Ownership): Promise<void> {
  const rule = `<Rule><ObjectOwnership>${ownership}</ObjectOwnership></Rule>`;
  await putXml(
    client,
    bucket,
    "ownershipControls",
    `<OwnershipControls xmlns="${NAMESPACE}">${rule}</OwnershipControls>`,
  );
}

export interface Grant {
  grantee: string;
  permission: string;
}

export async function getAcl(client: AwsClient, bucket: string): Promise<Grant[]> {
  const root = await client.s3Xml({ path: `/${bucket}`, query: { acl: "" } });
  const grants = at(root, "AccessControlList");
  return (grants === null ? [] : children(grants, "Grant")).map((grant) => ({
    grantee:
      textAt(grant, "Grantee", "URI") || textAt(grant, "Grantee", "DisplayName") || textAt(grant, "Grantee", "ID"),
    permission: textAt(grant, "Permission"),
  }));
}

export const CANNED_ACLS = ["private", "public-read", "public-read-write", "authenticated-read"] as const;
export type CannedAcl = (typeof CANNED_ACLS)[number];

export async function putAcl(client: AwsClient, bucket: string, acl: CannedAcl): Promise<void> {
  await client.s3({ method: "PUT", path: `/${bucket}`, query: { acl: "" }, headers: { "x-amz-acl": acl } });
}

export interface Tag {
  key: string;
  value: string;
}

export async function getTags(client: AwsClient, bucket: string): Promise<Tag[]> {
  const root = await orNull("NoSuchTagSet", () => client.s3Xml({ path: `/${bucket}`, query: { tagging: "" } }));
  const set = at(root, "TagSet");
  return (set === null ? [] : children(set, "Tag")).map((tag) => ({
    key: textAt(tag, "Key"),
    value: textAt(tag, "Value"),
  }));
}

/** No tags take them all away. */
export async function putTags(client: AwsClient, bucket: string, tags: readonly Tag[]): Promise<void> {
  if (tags.length === 0) return deleteConfiguration(client, bucket, "tagging");
  const Tags = tags.map(({ key, value }) => ({ Key: key, Value: value }));
  const body = `<Tagging xmlns="${NAMESPACE}">${toXml(TAGGING, { TagSet: { Tags } })}</Tagging>`;
  await putXml(client, bucket, "tagging", body);
}

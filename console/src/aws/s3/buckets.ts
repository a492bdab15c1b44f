import type { AwsClient } from "../client.ts";
import { at, children, textAt } from "../xml.ts";

export interface Bucket {
  name: string;
  createdMs: number;
}

/** All buckets of the caller's account, page by page. */
export async function listBuckets(client: AwsClient): Promise<Bucket[]> {
  const buckets: Bucket[] = [];
  let token: string | undefined;
  do {
    const root = await client.s3Xml({ path: "/", query: { "max-buckets": "1000", "continuation-token": token } });
    for (const bucket of children(at(root, "Buckets") ?? root, "Bucket")) {
      buckets.push({ name: textAt(bucket, "Name"), createdMs: Date.parse(textAt(bucket, "CreationDate")) });
    }
    token = textAt(root, "ContinuationToken") || undefined;
  } while (token !== undefined);
  return buckets;
}

export interface NewBucket {
  name: string;
  isLocked?: boolean;
  ownership?: "BucketOwnerEnforced" | "BucketOwnerPreferred" | "ObjectWriter";
}

export async function createBucket(client: AwsClient, { name, isLocked, ownership }: NewBucket): Promise<void> {
  const body =
    client.region === "us-east-1"
      ? ""
      : `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>${client.region}</LocationConstraint></CreateBucketConfiguration>`;
  const headers = {
    "x-amz-bucket-object-lock-enabled": isLocked ? "true" : undefined,
    "x-amz-object-ownership": ownership,
  };
  await client.s3({ method: "PUT", path: `/${name}`, body, headers });
}

/** Refused while anything is in it. */
export async function deleteBucket(client: AwsClient, name: string): Promise<void> {
  await client.s3({ method: "DELETE", path: `/${name}` });
}

/** `Enabled`, `Suspended`, or `null` if it never was. */
export async function getVersioning(client: AwsClient, bucket: string): Promise<"Enabled" | "Suspended" | null> {
  const status = textAt(await client.s3Xml({ path: `/${bucket}`, query: { versioning: "" } }), "Status");
  return status === "Enabled" || status === "Suspended" ? status : null;
}

import { CreateBucketCommand, PutBucketVersioningCommand, type S3Client } from "@aws-sdk/client-s3";

/** The id of a version that does not exist, but could. */
export const ABSENT_VERSION = "00000101KAGX0000ABCDEFGHJKMNPQRS";
/** An id such as AWS gives, which no version here can have. */
export const FOREIGN_VERSION = "3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH";

export async function setVersioning(client: S3Client, Bucket: string, Status: "Enabled" | "Suspended"): Promise<void> {
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
}

/** Creates a bucket and enables its versions. */
export async function versionedBucket(client: S3Client, Bucket: string): Promise<void> {
  await client.send(new CreateBucketCommand({ Bucket }));
  await setVersioning(client, Bucket, "Enabled");
}

/** Creates a bucket with object lock. */
export async function lockedBucket(client: S3Client, Bucket: string): Promise<void> {
  await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
}

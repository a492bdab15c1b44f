import type { AwsClient } from "../client.ts";
import { type Encryption, putEncryption, putPublicAccessBlock, putVersioning } from "./bucket-settings.ts";
import { createBucket, type NewBucket } from "./buckets.ts";

/** What CreateBucket does not set. */
export interface FirstSettings {
  isVersioned: boolean;
  /** Otherwise the world may be let in. */
  isBlocked: boolean;
  /** null: as the store does by itself. */
  encryption: Encryption | null;
}

/** Creates a bucket and then sets what is chosen for it. Throws if there is no bucket; returns what was refused once it was there. */
export async function createWithSettings(
  client: AwsClient,
  bucket: NewBucket,
  { isVersioned, isBlocked, encryption }: FirstSettings,
): Promise<unknown[]> {
  await createBucket(client, bucket);
  const { name, isLocked } = bucket;
  const settings = [
    // Object Lock has turned versioning on.
    ...(isVersioned && !isLocked ? [() => putVersioning(client, name, "Enabled")] : []),
    ...(isBlocked ? [] : [() => putPublicAccessBlock(client, name, UNBLOCKED)]),
    ...(encryption === null ? [] : [() => putEncryption(client, name, encryption)]),
  ];
  const refused: unknown[] = [];
  for (const set of settings) await set().catch((error: unknown) => refused.push(error));
  return refused;
}

const UNBLOCKED = {
  BlockPublicAcls: false,
  IgnorePublicAcls: false,
  BlockPublicPolicy: false,
  RestrictPublicBuckets: false,
};

/** Optional fields of an inventory, in the order of its columns. */
export const INVENTORY_FIELDS = [
  "Size",
  "LastModifiedDate",
  "ETag",
  "StorageClass",
  "IsMultipartUploaded",
  "ReplicationStatus",
  "EncryptionStatus",
  "ObjectLockRetainUntilDate",
  "ObjectLockMode",
  "ObjectLockLegalHoldStatus",
  "IntelligentTieringAccessTier",
  "BucketKeyStatus",
  "ChecksumAlgorithm",
  "ObjectAccessControlList",
  "ObjectOwner",
  "LifecycleExpirationDate",
] as const;
export type InventoryField = (typeof INVENTORY_FIELDS)[number];

/** A bucket's inventory configuration, as it is kept. */
export interface InventoryConfiguration {
  id: string;
  isEnabled: boolean;
  /** Null: all keys. */
  prefix: string | null;
  versions: "All" | "Current";
  frequency: "Daily" | "Weekly";
  /** In the order of the request. */
  fields: readonly InventoryField[];
  destination: {
    /** Name of the bucket. */
    bucket: string;
    /** Account that must own it; null: any. */
    accountId: string | null;
    prefix: string | null;
    format: "CSV" | "Parquet";
    /** Whether SSE-S3 is requested. */
    isEncrypted: boolean;
    /** The key, if SSE-KMS is requested. */
    kmsKeyArn?: string;
  };
}

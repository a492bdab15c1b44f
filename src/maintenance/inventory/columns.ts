import { Buffer } from "node:buffer";
import type { LifecycleRules } from "../../lifecycle/decide.ts";
import type { Grant } from "../../metadata/buckets/access.ts";
import {
  INVENTORY_FIELDS,
  type InventoryConfiguration,
  type InventoryField,
} from "../../store/buckets/inventory-configuration.ts";
import { formatVersionId } from "../../store/version-id.ts";
import { expirationOf, type RankedVersion } from "./expiration.ts";

/** Value of a cell; null: none. A `Date` is a time. */
export type Cell = string | boolean | bigint | Date | null;

/** The source bucket of an inventory. */
export interface InventoriedBucket {
  name: string;
  /** Canonical id. */
  owner: string;
  /** Whether it has, or had, versions. */
  isVersioned: boolean;
  /** Its lifecycle; null: it has none. */
  rules: LifecycleRules | null;
}

export interface Column {
  /** As in the manifest of CSV files. */
  title: string;
  /** As in Parquet. */
  name: string;
  type: "text" | "boolean" | "int64" | "time";
  isRequired?: true;
  cell(version: RankedVersion, bucket: InventoriedBucket): Cell;
}

const ACL_VERSION = "2022-11-10";
const GROUPS: Readonly<Record<string, string>> = {
  AllUsers: "http://acs.amazonaws.com/groups/global/AllUsers",
  AuthenticatedUsers: "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
  LogDelivery: "http://acs.amazonaws.com/groups/s3/LogDelivery",
};
const ENCRYPTIONS: Readonly<Record<string, string>> = {
  AES256: "SSE-S3",
  "aws:kms": "SSE-KMS",
  "aws:kms:dsse": "DSSE-KMS",
  "SSE-C": "SSE-C",
};
const TIERS: Readonly<Record<string, string>> = { ARCHIVE_ACCESS: "ARCHIVE", DEEP_ARCHIVE_ACCESS: "DEEP_ARCHIVE" };

const ALWAYS: readonly Column[] = [
  { title: "Bucket", name: "bucket", type: "text", isRequired: true, cell: (_, { name }) => name },
  { title: "Key", name: "key", type: "text", isRequired: true, cell: ({ key }) => key },
];

const OF_VERSIONS: readonly Column[] = [
  {
    title: "VersionId",
    name: "version_id",
    type: "text",
    cell: (version, { isVersioned }) => (isVersioned ? formatVersionId(version) : null),
  },
  { title: "IsLatest", name: "is_latest", type: "boolean", cell: ({ isLatest }) => isLatest },
  { title: "IsDeleteMarker", name: "is_delete_marker", type: "boolean", cell: ({ isMarker }) => isMarker },
];

type Optional = Omit<Column, "title" | "cell"> & {
  /** Of versions that are no delete markers. */
  of(version: RankedVersion, bucket: InventoriedBucket): Cell;
  /** Delete markers have it too. */
  ofMarkers?: true;
};

/** Names and types as in "Amazon S3 Inventory list" in the Amazon S3 User Guide. */
const OPTIONAL: Readonly<Record<InventoryField, Optional>> = {
  Size: { name: "size", type: "int64", of: ({ sizeBytes }) => BigInt(sizeBytes) },
  LastModifiedDate: {
    name: "last_modified_date",
    type: "time",
    ofMarkers: true,
    // Whole seconds, as everywhere else.
    of: ({ modifiedMs }) => new Date(Math.floor(modifiedMs / 1000) * 1000),
  },
  ETag: { name: "e_tag", type: "text", of: ({ etag }) => etag },
  StorageClass: { name: "storage_class", type: "text", of: ({ storageClass }) => storageClass },
  IsMultipartUploaded: { name: "is_multipart_uploaded", type: "boolean", of: ({ isMultipart }) => isMultipart },
  ReplicationStatus: { name: "replication_status", type: "text", of: () => null },
  EncryptionStatus: {
    name: "encryption_status",
    type: "text",
    of: ({ encryptionForm }) => (encryptionForm === null ? "NOT-SSE" : (ENCRYPTIONS[encryptionForm] ?? null)),
  },
  ObjectLockRetainUntilDate: {
    name: "object_lock_retain_until_date",
    type: "time",
    of: ({ retainUntilMs }) => (retainUntilMs ? new Date(retainUntilMs) : null),
  },
  ObjectLockMode: { name: "object_lock_mode", type: "text", of: ({ retainMode }) => retainMode },
  ObjectLockLegalHoldStatus: {
    name: "object_lock_legal_hold_status",
    type: "text",
    of: ({ legalHold }) => legalHold && (legalHold === "ON" ? "On" : "Off"),
  },
  IntelligentTieringAccessTier: {
    name: "intelligent_tiering_access_tier",
    type: "text",
    of: ({ storageClass, tier }) => (storageClass === "INTELLIGENT_TIERING" ? (TIERS[tier ?? ""] ?? "FREQUENT") : null),
  },
  BucketKeyStatus: {
    name: "bucket_key_status",
    type: "text",
    of: ({ encryptionForm, hasBucketKey }) =>
      encryptionForm?.startsWith("aws:kms") ? (hasBucketKey ? "ENABLED" : "DISABLED") : null,
  },
  ChecksumAlgorithm: {
    name: "checksum_algorithm",
    type: "text",
    of: ({ checksumAlgorithm }) => checksumAlgorithm?.toUpperCase() ?? null,
  },
  ObjectAccessControlList: {
    name: "object_access_control_list",
    type: "text",
    of: ({ acl, ownerId }, { owner }) => aclText(acl, ownerId ?? owner),
  },
  ObjectOwner: { name: "object_owner", type: "text", of: ({ ownerId }, { owner }) => ownerId ?? owner },
  LifecycleExpirationDate: {
    name: "lifecycle_expiration_date",
    type: "time",
    of: (version, { rules }) => rules && expirationOf(version, rules),
  },
};

/** The columns of an inventory, in S3's order. */
export function columnsOf({ versions, fields }: Pick<InventoryConfiguration, "versions" | "fields">): Column[] {
  const optional = INVENTORY_FIELDS.filter((field) => fields.includes(field)).map((title): Column => {
    const { of, ofMarkers, ...column } = OPTIONAL[title];
    return {
      title,
      ...column,
      cell: (version, bucket) => (version.isMarker && !ofMarkers ? null : of(version, bucket)),
    };
  });
  return [...ALWAYS, ...(versions === "All" ? OF_VERSIONS : []), ...optional];
}

/** Base64 of JSON, as S3 has it. */
function aclText(acl: readonly Grant[] | null, owner: string): string {
  const grants = (acl ?? [{ grantee: { id: owner }, permission: "FULL_CONTROL" as const }]).map(
    ({ grantee, permission }) =>
      "id" in grantee
        ? { canonicalId: grantee.id, type: "CanonicalUser", permission }
        : { uri: GROUPS[grantee.group], type: "Group", permission },
  );
  const text = JSON.stringify({ version: ACL_VERSION, status: "AVAILABLE", grants });
  return Buffer.from(text, "utf8").toString("base64");
}

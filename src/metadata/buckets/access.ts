/** What decides who may reach a bucket besides its owner's own account, as column `access` has it. Absent parts: see each. */
export interface BucketAccess {
  /** The bucket policy as it was put. Absent: none. */
  readonly policy?: string;
  /** Absent: BucketOwnerEnforced. `none`: the controls were deleted, which is as ObjectWriter. */
  readonly ownership?: "BucketOwnerEnforced" | "BucketOwnerPreferred" | "ObjectWriter" | "none";
  /** Absent: all four are on. `none`: the configuration was deleted. */
  readonly block?: PublicAccessBlock | "none";
  /** The owner's account's, which counts besides. Absent: none. */
  readonly accountBlock?: PublicAccessBlock;
  /** Of the bucket. Absent: full control for the owner. */
  readonly acl?: readonly Grant[];
  /** The bucket's tags, if they decide who may reach it (attribute-based access control). Absent: they do not. */
  readonly abac?: readonly (readonly [key: string, value: string])[];
  /** How new objects are encrypted. Absent: as the deployment does it. */
  readonly encryption?: BucketEncryption;
}

export interface BucketEncryption {
  /** Absent: as the deployment does it. `keyId` as it was put; null: the account's `aws/s3` key. */
  readonly rule?: {
    readonly form: "AES256" | "aws:kms" | "aws:kms:dsse";
    readonly keyId: string | null;
    readonly bucketKey: boolean;
  };
  /** Whether objects encrypted with clients' keys (SSE-C) are refused. Absent: as the deployment does it. */
  readonly blocksCustomerKeys?: boolean;
}

export interface PublicAccessBlock {
  readonly BlockPublicAcls: boolean;
  readonly IgnorePublicAcls: boolean;
  readonly BlockPublicPolicy: boolean;
  readonly RestrictPublicBuckets: boolean;
}

/** One grant of an ACL. */
export interface Grant {
  readonly grantee: Grantee;
  readonly permission: "FULL_CONTROL" | "READ" | "WRITE" | "READ_ACP" | "WRITE_ACP";
}

/** `id`: a canonical user id. */
export type Grantee = { readonly id: string } | { readonly group: "AllUsers" | "AuthenticatedUsers" | "LogDelivery" };

/** What an object says of itself, beside its headers, in column `attributes`. Both absent: it is the bucket owner's alone. */
export interface ObjectAccess {
  /** Of an object that another account wrote and owns. */
  readonly owner?: ObjectOwner;
  /** Absent: full control for the object's owner. */
  readonly acl?: readonly Grant[];
}

export interface ObjectOwner {
  /** Canonical user id; "" for an object that an anonymous caller wrote. */
  readonly id: string;
  /** Account id; "" for an anonymous caller's. */
  readonly account: string;
}

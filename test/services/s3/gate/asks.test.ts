import { describe, expect, test } from "vitest";
import { newBucketTags } from "../../../../src/services/s3/buckets/asks.ts";
import type { Ask } from "../../../../src/services/s3/gate/ask.ts";
import { copiedTags, deleteAsks } from "../../../../src/services/s3/objects/asks.ts";
import { type OperationName, operationNames } from "../../../../src/services/s3/operation-name.ts";
import { operations } from "../../../../src/services/s3/operations.ts";

/*
 * What each operation asks for, row by row from "Required permissions for Amazon S3 API operations" in the S3 User Guide.
 */

/** Operations that ask one thing of the bucket, whatever else the request says. */
const ofBucket = {
  CreateBucketMetadataConfiguration: "s3:CreateBucketMetadataTableConfiguration",
  CreateBucketMetadataTableConfiguration: "s3:CreateBucketMetadataTableConfiguration",
  CreateSession: "s3express:CreateSession",
  DeleteBucket: "s3:DeleteBucket",
  DeleteBucketAnalyticsConfiguration: "s3:PutAnalyticsConfiguration",
  DeleteBucketCors: "s3:PutBucketCORS",
  DeleteBucketEncryption: "s3:PutEncryptionConfiguration",
  DeleteBucketIntelligentTieringConfiguration: "s3:PutIntelligentTieringConfiguration",
  DeleteBucketInventoryConfiguration: "s3:PutInventoryConfiguration",
  DeleteBucketLifecycle: "s3:PutLifecycleConfiguration",
  DeleteBucketMetadataConfiguration: "s3:DeleteBucketMetadataTableConfiguration",
  DeleteBucketMetadataTableConfiguration: "s3:DeleteBucketMetadataTableConfiguration",
  DeleteBucketMetricsConfiguration: "s3:PutMetricsConfiguration",
  DeleteBucketOwnershipControls: "s3:PutBucketOwnershipControls",
  DeleteBucketPolicy: "s3:DeleteBucketPolicy",
  DeleteBucketReplication: "s3:PutReplicationConfiguration",
  DeleteBucketTagging: "s3:PutBucketTagging",
  DeleteBucketWebsite: "s3:DeleteBucketWebsite",
  DeletePublicAccessBlock: "s3:PutBucketPublicAccessBlock",
  GetBucketAbac: "s3:GetBucketAbac",
  GetBucketAccelerateConfiguration: "s3:GetAccelerateConfiguration",
  GetBucketAcl: "s3:GetBucketAcl",
  GetBucketAnalyticsConfiguration: "s3:GetAnalyticsConfiguration",
  GetBucketCors: "s3:GetBucketCORS",
  GetBucketEncryption: "s3:GetEncryptionConfiguration",
  GetBucketIntelligentTieringConfiguration: "s3:GetIntelligentTieringConfiguration",
  GetBucketInventoryConfiguration: "s3:GetInventoryConfiguration",
  GetBucketLifecycleConfiguration: "s3:GetLifecycleConfiguration",
  GetBucketLocation: "s3:GetBucketLocation",
  GetBucketLogging: "s3:GetBucketLogging",
  GetBucketMetadataConfiguration: "s3:GetBucketMetadataTableConfiguration",
  GetBucketMetadataTableConfiguration: "s3:GetBucketMetadataTableConfiguration",
  GetBucketMetricsConfiguration: "s3:GetMetricsConfiguration",
  GetBucketNotificationConfiguration: "s3:GetBucketNotification",
  GetBucketOwnershipControls: "s3:GetBucketOwnershipControls",
  GetBucketPolicy: "s3:GetBucketPolicy",
  GetBucketPolicyStatus: "s3:GetBucketPolicyStatus",
  GetBucketReplication: "s3:GetReplicationConfiguration",
  GetBucketRequestPayment: "s3:GetBucketRequestPayment",
  GetBucketTagging: "s3:GetBucketTagging",
  GetBucketVersioning: "s3:GetBucketVersioning",
  GetBucketWebsite: "s3:GetBucketWebsite",
  GetObjectLockConfiguration: "s3:GetBucketObjectLockConfiguration",
  GetPublicAccessBlock: "s3:GetBucketPublicAccessBlock",
  HeadBucket: "s3:ListBucket",
  ListBucketAnalyticsConfigurations: "s3:GetAnalyticsConfiguration",
  ListBucketIntelligentTieringConfigurations: "s3:GetIntelligentTieringConfiguration",
  ListBucketInventoryConfigurations: "s3:GetInventoryConfiguration",
  ListBucketMetricsConfigurations: "s3:GetMetricsConfiguration",
  ListMultipartUploads: "s3:ListBucketMultipartUploads",
  ListObjects: "s3:ListBucket",
  ListObjectsV2: "s3:ListBucket",
  ListObjectVersions: "s3:ListBucketVersions",
  PutBucketAbac: "s3:PutBucketAbac",
  PutBucketAccelerateConfiguration: "s3:PutAccelerateConfiguration",
  PutBucketAcl: "s3:PutBucketAcl",
  PutBucketAnalyticsConfiguration: "s3:PutAnalyticsConfiguration",
  PutBucketCors: "s3:PutBucketCORS",
  PutBucketEncryption: "s3:PutEncryptionConfiguration",
  PutBucketIntelligentTieringConfiguration: "s3:PutIntelligentTieringConfiguration",
  PutBucketInventoryConfiguration: "s3:PutInventoryConfiguration",
  PutBucketLifecycleConfiguration: "s3:PutLifecycleConfiguration",
  PutBucketLogging: "s3:PutBucketLogging",
  PutBucketMetricsConfiguration: "s3:PutMetricsConfiguration",
  PutBucketNotificationConfiguration: "s3:PutBucketNotification",
  PutBucketOwnershipControls: "s3:PutBucketOwnershipControls",
  PutBucketPolicy: "s3:PutBucketPolicy",
  PutBucketReplication: "s3:PutReplicationConfiguration",
  PutBucketRequestPayment: "s3:PutBucketRequestPayment",
  PutBucketTagging: "s3:PutBucketTagging",
  PutBucketVersioning: "s3:PutBucketVersioning",
  PutBucketWebsite: "s3:PutBucketWebsite",
  PutObjectLockConfiguration: "s3:PutBucketObjectLockConfiguration",
  PutPublicAccessBlock: "s3:PutBucketPublicAccessBlock",
  UpdateBucketMetadataAnnotationTableConfiguration: "s3:UpdateBucketMetadataAnnotationTableConfiguration",
  UpdateBucketMetadataInventoryTableConfiguration: "s3:UpdateBucketMetadataInventoryTableConfiguration",
  UpdateBucketMetadataJournalTableConfiguration: "s3:UpdateBucketMetadataJournalTableConfiguration",
} as const satisfies Partial<Record<OperationName, string>>;

interface Case {
  query?: string;
  headers?: Record<string, string>;
  /** `action subject bucket/key?version`; the bucket alone for asks about it. */
  asks: readonly string[];
}

const ACL = { "x-amz-acl": "public-read" };
const GRANT = { "x-amz-grant-read": 'id="abc"' };
const TAGS = { "x-amz-tagging": "a=b" };
const HOLD = { "x-amz-object-lock-legal-hold": "ON" };
const RETAIN = {
  "x-amz-object-lock-mode": "GOVERNANCE",
  "x-amz-object-lock-retain-until-date": "2030-01-01T00:00:00Z",
};
const BYPASS = { "x-amz-bypass-governance-retention": "true" };
const SOURCE = { "x-amz-copy-source": "/from/dir/source" };
const OLD_SOURCE = { "x-amz-copy-source": "/from/source?versionId=null" };
const V = "versionId=null";

const put = "s3:PutObject key b/k";
const newObject = (name: OperationName): Partial<Record<OperationName, readonly Case[]>> => ({
  [name]: [
    { asks: [put] },
    { headers: ACL, asks: [put, "s3:PutObjectAcl key b/k"] },
    { headers: GRANT, asks: [put, "s3:PutObjectAcl key b/k"] },
    { headers: TAGS, asks: [put, "s3:PutObjectTagging key b/k"] },
    { headers: RETAIN, asks: [put, "s3:PutObjectRetention key b/k"] },
    { headers: HOLD, asks: [put, "s3:PutObjectLegalHold key b/k"] },
    { headers: { "if-match": '"etag"' }, asks: [put, "s3:GetObject key b/k"] },
  ],
});
/** One ask of the object; of a version that is named, another. */
const versioned = (action: string, versionAction = action): readonly Case[] => [
  { asks: [`${action} object b/k`] },
  { query: V, asks: [`${versionAction} object b/k?null`] },
];

const others: Partial<Record<OperationName, readonly Case[]>> = {
  AbortMultipartUpload: [{ asks: ["s3:AbortMultipartUpload upload b/k"] }],
  CompleteMultipartUpload: [
    { asks: [put] },
    { headers: { "if-none-match": "*" }, asks: [put] },
    { headers: { "if-match": "etag" }, asks: [put, "s3:GetObject key b/k"] },
  ],
  CopyObject: [
    { headers: SOURCE, asks: ["s3:GetObject object from/dir/source", put] },
    { headers: OLD_SOURCE, asks: ["s3:GetObjectVersion object from/source?null", put] },
    { headers: { ...SOURCE, ...ACL }, asks: ["s3:GetObject object from/dir/source", put, "s3:PutObjectAcl key b/k"] },
    // The header alone does nothing: the source's tags are copied.
    { headers: { ...SOURCE, ...TAGS }, asks: ["s3:GetObject object from/dir/source", put] },
    {
      headers: { ...SOURCE, ...TAGS, "x-amz-tagging-directive": "REPLACE" },
      asks: ["s3:GetObject object from/dir/source", put, "s3:PutObjectTagging key b/k"],
    },
    {
      headers: { ...SOURCE, ...RETAIN, ...HOLD },
      asks: [
        "s3:GetObject object from/dir/source",
        put,
        "s3:PutObjectRetention key b/k",
        "s3:PutObjectLegalHold key b/k",
      ],
    },
  ],
  CreateBucket: [
    { asks: ["s3:CreateBucket account b"] },
    { headers: ACL, asks: ["s3:CreateBucket account b", "s3:PutBucketAcl account b"] },
    {
      headers: { "x-amz-bucket-object-lock-enabled": "true" },
      asks: [
        "s3:CreateBucket account b",
        "s3:PutBucketObjectLockConfiguration account b",
        "s3:PutBucketVersioning account b",
      ],
    },
    { headers: { "x-amz-bucket-object-lock-enabled": "false" }, asks: ["s3:CreateBucket account b"] },
    {
      headers: { "x-amz-object-ownership": "ObjectWriter" },
      asks: ["s3:CreateBucket account b", "s3:PutBucketOwnershipControls account b"],
    },
  ],
  ...newObject("CreateMultipartUpload"),
  DeleteObject: [
    { asks: ["s3:DeleteObject key b/k"] },
    { query: V, asks: ["s3:DeleteObjectVersion key b/k?null"] },
    { headers: BYPASS, asks: ["s3:DeleteObject key b/k", "s3:BypassGovernanceRetention key b/k"] },
    { headers: { "x-amz-bypass-governance-retention": "false" }, asks: ["s3:DeleteObject key b/k"] },
    { headers: { "if-match": "*" }, asks: ["s3:DeleteObject key b/k"] },
    { headers: { "if-match": '"etag"' }, asks: ["s3:DeleteObject key b/k", "s3:GetObject key b/k"] },
  ],
  DeleteObjectAnnotation: versioned("s3:DeleteObjectAnnotation", "s3:DeleteObjectVersionAnnotation"),
  DeleteObjects: [{ asks: [] }, { headers: BYPASS, asks: [] }],
  DeleteObjectTagging: versioned("s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"),
  GetObject: versioned("s3:GetObject", "s3:GetObjectVersion"),
  GetObjectAcl: versioned("s3:GetObjectAcl", "s3:GetObjectVersionAcl"),
  GetObjectAnnotation: versioned("s3:GetObjectAnnotation", "s3:GetObjectVersionAnnotation"),
  GetObjectAttributes: [
    { asks: ["s3:GetObject object b/k", "s3:GetObjectAttributes object b/k"] },
    { query: V, asks: ["s3:GetObjectVersion object b/k?null", "s3:GetObjectVersionAttributes object b/k?null"] },
  ],
  GetObjectLegalHold: versioned("s3:GetObjectLegalHold"),
  GetObjectRetention: versioned("s3:GetObjectRetention"),
  GetObjectTagging: versioned("s3:GetObjectTagging", "s3:GetObjectVersionTagging"),
  GetObjectTorrent: versioned("s3:GetObjectTorrent", "s3:GetObjectVersionTorrent"),
  HeadObject: versioned("s3:GetObject", "s3:GetObjectVersion"),
  ListBuckets: [{ asks: ["s3:ListAllMyBuckets account b"] }],
  ListDirectoryBuckets: [{ asks: ["s3express:ListAllMyDirectoryBuckets account b"] }],
  ListObjectAnnotations: versioned("s3:ListObjectAnnotations", "s3:ListObjectVersionAnnotations"),
  ListParts: [{ asks: ["s3:ListMultipartUploadParts upload b/k"] }],
  ...newObject("PostObject"),
  ...newObject("PutObject"),
  PutObjectAcl: versioned("s3:PutObjectAcl", "s3:PutObjectVersionAcl"),
  PutObjectAnnotation: versioned("s3:PutObjectAnnotation", "s3:PutObjectVersionAnnotation"),
  PutObjectLegalHold: versioned("s3:PutObjectLegalHold"),
  PutObjectRetention: [
    { asks: ["s3:PutObjectRetention object b/k"] },
    { headers: BYPASS, asks: ["s3:PutObjectRetention object b/k", "s3:BypassGovernanceRetention key b/k"] },
  ],
  PutObjectTagging: versioned("s3:PutObjectTagging", "s3:PutObjectVersionTagging"),
  // An operation of directory buckets at AWS, where a session is what it asks.
  RenameObject: [
    {
      headers: { "x-amz-rename-source": "/old" },
      asks: ["s3:GetObject object b/old", "s3:DeleteObject key b/old", put],
    },
  ],
  RestoreObject: versioned("s3:RestoreObject"),
  SelectObjectContent: [{ asks: ["s3:GetObject object b/k"] }],
  UpdateObjectEncryption: [
    { asks: ["s3:UpdateObjectEncryption object b/k", put] },
    { query: V, asks: ["s3:UpdateObjectEncryption object b/k?null", put] },
  ],
  UploadPart: [{ asks: [put] }],
  UploadPartCopy: [
    { headers: SOURCE, asks: ["s3:GetObject object from/dir/source", put] },
    { headers: OLD_SOURCE, asks: ["s3:GetObjectVersion object from/source?null", put] },
  ],
  WriteGetObjectResponse: [{ asks: ["s3-object-lambda:WriteGetObjectResponse account b"] }],
};

const written = ({ action, subject, bucket, key, versionId }: Ask): string =>
  `${action} ${subject} ${bucket}${key === "" ? "" : `/${key}`}${versionId === undefined ? "" : `?${versionId}`}`;

function asksOf(name: OperationName, { query = "", headers = {} }: Omit<Case, "asks">): string[] {
  const asking = { bucket: "b", key: "k", query: new URLSearchParams(query), headers: new Headers(headers) };
  return operations[name].asks(asking).map(written);
}

test("every operation has its row in one of the tables", () => {
  expect([...Object.keys(ofBucket), ...Object.keys(others)].sort()).toEqual([...operationNames].sort());
});

test.each(Object.entries(ofBucket))("%s asks %s of the bucket", (name, action) => {
  const everything = { ...ACL, ...TAGS, ...HOLD, ...BYPASS };
  expect(asksOf(name as OperationName, { headers: everything })).toEqual([`${action} bucket b`]);
});

describe.each(Object.entries(others))("%s", (name, cases) => {
  test.each(cases)("asks $asks", ({ asks, ...given }) => {
    expect(asksOf(name as OperationName, given)).toEqual(asks);
  });
});

describe("what is asked once more is known", () => {
  const asking = { bucket: "b", key: "k", query: new URLSearchParams(), headers: new Headers() };

  test("tags that come with a copy", () => {
    expect(copiedTags(asking, { bucket: "from", key: "source" }).map(written)).toEqual([
      "s3:GetObjectTagging object from/source",
      "s3:PutObjectTagging key b/k",
    ]);
    expect(copiedTags(asking, { bucket: "from", key: "source", versionId: "null" }).map(written)).toEqual([
      "s3:GetObjectVersionTagging object from/source?null",
      "s3:PutObjectTagging key b/k",
    ]);
  });

  test("each key that DeleteObjects names", () => {
    expect(deleteAsks({ bucket: "b", key: "k" }).map(written)).toEqual(["s3:DeleteObject key b/k"]);
    expect(deleteAsks({ bucket: "b", key: "k", versionId: "null" }).map(written)).toEqual([
      "s3:DeleteObjectVersion key b/k?null",
    ]);
  });

  test("tags of a new bucket", () => {
    expect(newBucketTags(asking).map(written)).toEqual(["s3:TagResource account b"]);
  });
});

import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { firstAccount } from "../../../../src/auth/principal.ts";
import { type OperationName, operationNames } from "../../../../src/services/s3/operation-name.ts";
import { operations } from "../../../../src/services/s3/operations.ts";
import { testDataKeys } from "../../../support/data-keys.ts";
import {
  allowing,
  nobody,
  otherRoot,
  root,
  type S3Answer,
  type S3As,
  type S3Request,
  s3As,
  user,
} from "../../../support/s3-as.ts";
import { sealed } from "../../../support/sealing.ts";
import { openTestStore, type TestStore } from "../../../support/store.ts";

/*
 * Operation × permission, on the store itself: refused without it, done with it and nothing else, and nothing changed by what was
 * refused. `gate/asks.test.ts` compares the permissions with AWS's reference.
 */

let rig: TestStore;
let asRoot: S3As;
let versionId = "";
let uploadId = "";
beforeAll(async () => {
  rig = await openTestStore({
    settings: { partBytesMin: 1, storageClasses: { STANDARD: { k: 4, m: 2 }, GLACIER: { k: 4, m: 2 } } },
    sealing: { ...sealed, dataKeys: testDataKeys() },
  });
  asRoot = s3As(rig.store, root);
  const put = (path: string, body: string, headers = {}) => done({ method: "PUT", path, body, headers });
  await put("/box", "", { "x-amz-bucket-object-lock-enabled": "true" });
  await put("/from", "");
  await put("/plain", "");
  await put("/empty", "");
  await put("/from/source", "source", { "x-amz-tagging": "color=red" });
  await put("/plain/old", "old");
  const { headers } = await put("/box/k", "body", { "x-amz-tagging": "team=blue" });
  versionId = headers["x-amz-version-id"] ?? "";
  uploadId = /<UploadId>([^<]*)/.exec((await done({ method: "POST", path: "/box/upload?uploads" })).text)?.[1] ?? "";
  await put(`/box/upload?uploadId=${uploadId}&partNumber=1`, "part");
});
afterAll(() => rig.dispose());

async function done(request: S3Request): Promise<S3Answer> {
  const answer = await asRoot(request);
  if (answer.status >= 300) throw new Error(`${request.method} ${request.path}: ${answer.status} ${answer.text}`);
  return answer;
}

const digest = (body: string) => ({ "content-md5": createHash("md5").update(body).digest("base64") });
const B = "arn:aws:s3:::box";
const K = "arn:aws:s3:::box/k";

interface Case extends S3Request {
  name: OperationName;
  /** Each is needed: [action, resource]. */
  needs: readonly (readonly [string, string])[];
  /** Of the answer that is given with them; 200 if left out. */
  status?: number;
  /** Prepared by root before it is done. */
  before?: () => Promise<unknown>;
}

const document = (name: OperationName, path: string, body: string, action: string, resource = B): Case => ({
  name,
  method: "PUT",
  path,
  body,
  headers: digest(body),
  needs: [[action, resource]],
});
const read = (name: OperationName, path: string, action: string, status = 200, resource = B): Case => ({
  name,
  path,
  needs: [[action, resource]],
  status,
});
const remove = (name: OperationName, path: string, action: string, resource = B): Case => ({
  name,
  method: "DELETE",
  path,
  needs: [[action, resource]],
  status: 204,
});

const annotation = (name: OperationName, path: string, action: string): Case => ({
  name,
  method: "PUT",
  path,
  body: "note",
  needs: [[action, K]],
});

const ABAC = "<AbacStatus><Status>Disabled</Status></AbacStatus>";
const TAGGING = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>";
const TIERING =
  "<IntelligentTieringConfiguration><Id>t</Id><Status>Enabled</Status><Tiering><AccessTier>ARCHIVE_ACCESS</AccessTier>" +
  "<Days>90</Days></Tiering></IntelligentTieringConfiguration>";
const INVENTORY =
  "<InventoryConfiguration><Id>i</Id><IsEnabled>true</IsEnabled><Destination><S3BucketDestination>" +
  "<Bucket>arn:aws:s3:::box</Bucket><Format>CSV</Format></S3BucketDestination></Destination>" +
  "<Schedule><Frequency>Daily</Frequency></Schedule><IncludedObjectVersions>All</IncludedObjectVersions></InventoryConfiguration>";
const CORS =
  "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>";
const WEBSITE = "<WebsiteConfiguration><IndexDocument><Suffix>i</Suffix></IndexDocument></WebsiteConfiguration>";
const POLICY = JSON.stringify({
  Version: "2012-10-17",
  Statement: { Effect: "Deny", Principal: "*", Action: "s3:PutReplicationConfiguration", Resource: B },
});
const ENCRYPTION =
  "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>" +
  "</ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>";
const LIFECYCLE =
  "<LifecycleConfiguration><Rule><Filter/><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>";
const OBJECT_ENCRYPTION =
  "<ObjectEncryption><SSE-KMS><KMSKeyArn>arn:aws:kms:us-east-1:000000000000:key/k</KMSKeyArn></SSE-KMS></ObjectEncryption>";
const RETENTION =
  "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2040-01-01T00:00:00Z</RetainUntilDate></Retention>";
const LOCK = "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>";
const BLOCK =
  "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>";
const OWNERSHIP =
  "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>";
const DELETE = "<Delete><Object><Key>gone</Key></Object></Delete>";
const COMPLETE = () =>
  `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${createHash("md5").update("part").digest("hex")}</ETag></Part></CompleteMultipartUpload>`;

const BOUNDARY = "----form";
const FORM = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nform\r\n--${BOUNDARY}--\r\n`;

/** In this order: what removes comes after what reads. */
const cases: (() => Case)[] = [
  () => ({ name: "ListBuckets", path: "/", needs: [["s3:ListAllMyBuckets", "*"]] }),
  () => ({ name: "CreateBucket", method: "PUT", path: "/new", needs: [["s3:CreateBucket", "arn:aws:s3:::new"]] }),
  () => ({
    name: "CreateBucket",
    method: "PUT",
    path: "/new-locked",
    headers: { "x-amz-bucket-object-lock-enabled": "true", "x-amz-object-ownership": "ObjectWriter" },
    needs: [
      ["s3:CreateBucket", "arn:aws:s3:::new-locked"],
      ["s3:PutBucketObjectLockConfiguration", "arn:aws:s3:::new-locked"],
      ["s3:PutBucketVersioning", "arn:aws:s3:::new-locked"],
      ["s3:PutBucketOwnershipControls", "arn:aws:s3:::new-locked"],
    ],
  }),
  () => ({
    name: "CreateBucket",
    method: "PUT",
    path: "/new-tagged",
    body: "<CreateBucketConfiguration><Tags><Tag><Key>a</Key><Value>b</Value></Tag></Tags></CreateBucketConfiguration>",
    needs: [
      ["s3:CreateBucket", "arn:aws:s3:::new-tagged"],
      ["s3:TagResource", "arn:aws:s3:::new-tagged"],
    ],
  }),
  () => ({ name: "HeadBucket", method: "HEAD", path: "/box", needs: [["s3:ListBucket", B]] }),
  () => read("ListObjects", "/box", "s3:ListBucket"),
  () => read("ListObjectsV2", "/box?list-type=2", "s3:ListBucket"),
  () => read("ListObjectVersions", "/box?versions", "s3:ListBucketVersions"),
  () => read("ListMultipartUploads", "/box?uploads", "s3:ListBucketMultipartUploads"),
  () => read("GetBucketLocation", "/box?location", "s3:GetBucketLocation"),
  () => read("GetBucketVersioning", "/box?versioning", "s3:GetBucketVersioning"),
  () => read("GetBucketAcl", "/box?acl", "s3:GetBucketAcl"),
  () => read("GetBucketOwnershipControls", "/box?ownershipControls", "s3:GetBucketOwnershipControls"),
  () => read("GetPublicAccessBlock", "/box?publicAccessBlock", "s3:GetBucketPublicAccessBlock"),
  () => read("GetObjectLockConfiguration", "/box?object-lock", "s3:GetBucketObjectLockConfiguration"),
  () => read("GetBucketAccelerateConfiguration", "/box?accelerate", "s3:GetAccelerateConfiguration"),
  () => read("GetBucketLogging", "/box?logging", "s3:GetBucketLogging"),
  () => read("GetBucketNotificationConfiguration", "/box?notification", "s3:GetBucketNotification"),
  () => read("GetBucketRequestPayment", "/box?requestPayment", "s3:GetBucketRequestPayment"),
  () => read("ListBucketAnalyticsConfigurations", "/box?analytics", "s3:GetAnalyticsConfiguration"),
  () =>
    read(
      "ListBucketIntelligentTieringConfigurations",
      "/box?intelligent-tiering",
      "s3:GetIntelligentTieringConfiguration",
    ),
  () => read("ListBucketInventoryConfigurations", "/box?inventory", "s3:GetInventoryConfiguration"),
  () => read("ListBucketMetricsConfigurations", "/box?metrics", "s3:GetMetricsConfiguration"),
  () => read("GetBucketAnalyticsConfiguration", "/box?analytics&id=x", "s3:GetAnalyticsConfiguration", 404),
  () =>
    read(
      "GetBucketIntelligentTieringConfiguration",
      "/box?intelligent-tiering&id=x",
      "s3:GetIntelligentTieringConfiguration",
      404,
    ),
  () => read("GetBucketInventoryConfiguration", "/box?inventory&id=x", "s3:GetInventoryConfiguration", 404),
  () => read("GetBucketMetricsConfiguration", "/box?metrics&id=x", "s3:GetMetricsConfiguration", 404),
  () => document("PutBucketEncryption", "/box?encryption", ENCRYPTION, "s3:PutEncryptionConfiguration"),
  () => read("GetBucketEncryption", "/box?encryption", "s3:GetEncryptionConfiguration"),
  () => remove("DeleteBucketEncryption", "/box?encryption", "s3:PutEncryptionConfiguration"),
  () => document("PutBucketLifecycleConfiguration", "/box?lifecycle", LIFECYCLE, "s3:PutLifecycleConfiguration"),
  () => read("GetBucketLifecycleConfiguration", "/box?lifecycle", "s3:GetLifecycleConfiguration"),
  () => remove("DeleteBucketLifecycle", "/box?lifecycle", "s3:PutLifecycleConfiguration"),
  () => read("GetBucketReplication", "/box?replication", "s3:GetReplicationConfiguration", 404),
  () => document("PutBucketWebsite", "/box?website", WEBSITE, "s3:PutBucketWebsite"),
  () => read("GetBucketWebsite", "/box?website", "s3:GetBucketWebsite"),
  () => remove("DeleteBucketWebsite", "/box?website", "s3:DeleteBucketWebsite"),
  () => ({ ...document("PutBucketTagging", "/box?tagging", TAGGING, "s3:PutBucketTagging"), status: 204 }),
  () => read("GetBucketTagging", "/box?tagging", "s3:GetBucketTagging"),
  () =>
    document(
      "PutBucketNotificationConfiguration",
      "/box?notification",
      "<NotificationConfiguration/>",
      "s3:PutBucketNotification",
    ),
  () => document("PutBucketLogging", "/box?logging", "<BucketLoggingStatus/>", "s3:PutBucketLogging"),
  () =>
    document(
      "PutBucketIntelligentTieringConfiguration",
      "/box?intelligent-tiering&id=t",
      TIERING,
      "s3:PutIntelligentTieringConfiguration",
    ),
  () => ({
    ...remove(
      "DeleteBucketIntelligentTieringConfiguration",
      "/box?intelligent-tiering&id=t",
      "s3:PutIntelligentTieringConfiguration",
    ),
    before: () => done({ method: "PUT", path: "/box?intelligent-tiering&id=t", body: TIERING }),
  }),
  () => ({
    name: "RestoreObject",
    method: "POST",
    path: "/box/k?restore",
    body: "<RestoreRequest><Days>1</Days></RestoreRequest>",
    needs: [["s3:RestoreObject", K]],
    status: 403,
  }),
  () => document("PutBucketInventoryConfiguration", "/box?inventory&id=i", INVENTORY, "s3:PutInventoryConfiguration"),
  () => ({
    ...remove("DeleteBucketInventoryConfiguration", "/box?inventory&id=i", "s3:PutInventoryConfiguration"),
    before: () => done({ method: "PUT", path: "/box?inventory&id=i", body: INVENTORY }),
  }),
  () => document("PutBucketCors", "/box?cors", CORS, "s3:PutBucketCORS"),
  () => read("GetBucketCors", "/box?cors", "s3:GetBucketCORS"),
  () => ({ ...document("PutBucketPolicy", "/box?policy", POLICY, "s3:PutBucketPolicy"), status: 204 }),
  () => read("GetBucketPolicy", "/box?policy", "s3:GetBucketPolicy"),
  () => read("GetBucketPolicyStatus", "/box?policyStatus", "s3:GetBucketPolicyStatus"),
  () => document("PutPublicAccessBlock", "/box?publicAccessBlock", BLOCK, "s3:PutBucketPublicAccessBlock"),
  () => document("PutBucketOwnershipControls", "/box?ownershipControls", OWNERSHIP, "s3:PutBucketOwnershipControls"),
  () => ({
    name: "PutBucketAcl",
    method: "PUT",
    path: "/box?acl",
    headers: { "x-amz-acl": "private" },
    needs: [["s3:PutBucketAcl", B]],
  }),
  () =>
    document(
      "PutBucketVersioning",
      "/plain?versioning",
      "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
      "s3:PutBucketVersioning",
      "arn:aws:s3:::plain",
    ),
  () => document("PutObjectLockConfiguration", "/box?object-lock", LOCK, "s3:PutBucketObjectLockConfiguration"),
  () => read("GetObject", "/box/k", "s3:GetObject", 200, K),
  () => read("GetObject", `/box/k?versionId=${versionId}`, "s3:GetObjectVersion", 200, K),
  () => ({ name: "HeadObject", method: "HEAD", path: "/box/k", needs: [["s3:GetObject", K]] }),
  () => ({
    name: "GetObjectAttributes",
    path: "/box/k?attributes",
    headers: { "x-amz-object-attributes": "ETag" },
    needs: [
      ["s3:GetObject", K],
      ["s3:GetObjectAttributes", K],
    ],
  }),
  () => read("GetObjectAcl", "/box/k?acl", "s3:GetObjectAcl", 200, K),
  () => read("GetObjectAcl", `/box/k?acl&versionId=${versionId}`, "s3:GetObjectVersionAcl", 200, K),
  () => read("GetObjectTagging", "/box/k?tagging", "s3:GetObjectTagging", 200, K),
  () => read("GetObjectTagging", `/box/k?tagging&versionId=${versionId}`, "s3:GetObjectVersionTagging", 200, K),
  () => annotation("PutObjectAnnotation", "/box/k?annotation&annotationName=n", "s3:PutObjectAnnotation"),
  () =>
    annotation(
      "PutObjectAnnotation",
      `/box/k?annotation&annotationName=m&versionId=${versionId}`,
      "s3:PutObjectVersionAnnotation",
    ),
  () => read("GetObjectAnnotation", "/box/k?annotation&annotationName=n", "s3:GetObjectAnnotation", 200, K),
  () =>
    read(
      "GetObjectAnnotation",
      `/box/k?annotation&annotationName=n&versionId=${versionId}`,
      "s3:GetObjectVersionAnnotation",
      200,
      K,
    ),
  () => read("ListObjectAnnotations", "/box/k?annotation", "s3:ListObjectAnnotations", 200, K),
  () =>
    read(
      "ListObjectAnnotations",
      `/box/k?annotation&versionId=${versionId}`,
      "s3:ListObjectVersionAnnotations",
      200,
      K,
    ),
  () => ({
    name: "CopyObject",
    method: "PUT",
    path: "/plain/annotated",
    headers: { "x-amz-copy-source": "/box/k", "x-amz-tagging-directive": "REPLACE" },
    needs: [
      ["s3:GetObject", K],
      ["s3:GetObjectAnnotation", K],
      ["s3:PutObject", "arn:aws:s3:::plain/annotated"],
      ["s3:PutObjectAnnotation", "arn:aws:s3:::plain/annotated"],
    ],
  }),
  () => remove("DeleteObjectAnnotation", "/box/k?annotation&annotationName=n", "s3:DeleteObjectAnnotation", K),
  () =>
    remove(
      "DeleteObjectAnnotation",
      `/box/k?annotation&annotationName=m&versionId=${versionId}`,
      "s3:DeleteObjectVersionAnnotation",
      K,
    ),
  () => read("GetBucketAbac", "/box?abac", "s3:GetBucketAbac"),
  () => document("PutBucketAbac", "/box?abac", ABAC, "s3:PutBucketAbac"),
  () => ({
    ...document("UpdateObjectEncryption", "/box/k?encryption", OBJECT_ENCRYPTION, "s3:UpdateObjectEncryption", K),
    needs: [
      ["s3:UpdateObjectEncryption", K],
      ["s3:PutObject", K],
    ],
  }),
  () => document("PutObjectTagging", "/box/k?tagging", TAGGING, "s3:PutObjectTagging", K),
  () => document("PutObjectTagging", `/box/k?tagging&versionId=${versionId}`, TAGGING, "s3:PutObjectVersionTagging", K),
  () => remove("DeleteObjectTagging", "/box/k?tagging", "s3:DeleteObjectTagging", K),
  () => remove("DeleteObjectTagging", `/box/k?tagging&versionId=${versionId}`, "s3:DeleteObjectVersionTagging", K),
  () => ({
    name: "PutObjectAcl",
    method: "PUT",
    path: "/box/k?acl",
    headers: { "x-amz-acl": "private" },
    needs: [["s3:PutObjectAcl", K]],
  }),
  () =>
    document(
      "PutObjectLegalHold",
      "/box/k?legal-hold",
      "<LegalHold><Status>OFF</Status></LegalHold>",
      "s3:PutObjectLegalHold",
      K,
    ),
  () => read("GetObjectLegalHold", "/box/k?legal-hold", "s3:GetObjectLegalHold", 200, K),
  () => document("PutObjectRetention", "/box/k?retention", RETENTION, "s3:PutObjectRetention", K),
  () => read("GetObjectRetention", "/box/k?retention", "s3:GetObjectRetention", 200, K),
  () => ({
    ...document("PutObjectRetention", "/box/k?retention", "<Retention/>", "s3:PutObjectRetention", K),
    headers: { ...digest("<Retention/>"), "x-amz-bypass-governance-retention": "true" },
    needs: [
      ["s3:PutObjectRetention", K],
      ["s3:BypassGovernanceRetention", K],
    ],
  }),
  () => ({ name: "PutObject", method: "PUT", path: "/box/k", body: "new", needs: [["s3:PutObject", K]] }),
  () => ({
    name: "PutObject",
    method: "PUT",
    path: "/box/k",
    body: "new",
    headers: { "x-amz-tagging": "a=b", "x-amz-acl": "private" },
    needs: [
      ["s3:PutObject", K],
      ["s3:PutObjectTagging", K],
      ["s3:PutObjectAcl", K],
    ],
  }),
  () => ({
    name: "PutObject",
    method: "PUT",
    path: "/box/locked",
    body: "new",
    headers: {
      ...digest("new"),
      "x-amz-object-lock-legal-hold": "OFF",
      "x-amz-object-lock-mode": "GOVERNANCE",
      "x-amz-object-lock-retain-until-date": "2040-01-01T00:00:00Z",
    },
    needs: [
      ["s3:PutObject", `${B}/locked`],
      ["s3:PutObjectLegalHold", `${B}/locked`],
      ["s3:PutObjectRetention", `${B}/locked`],
    ],
  }),
  () => ({
    name: "PostObject",
    method: "POST",
    path: "/box",
    body: FORM,
    headers: { "content-type": `multipart/form-data; boundary=${BOUNDARY}` },
    needs: [["s3:PutObject", K]],
    status: 204,
  }),
  () => ({
    name: "CopyObject",
    method: "PUT",
    path: "/box/copy",
    headers: { "x-amz-copy-source": "/box/k", "x-amz-tagging-directive": "REPLACE" },
    needs: [
      ["s3:GetObject", K],
      ["s3:PutObject", `${B}/copy`],
    ],
  }),
  () => ({
    name: "CopyObject",
    method: "PUT",
    path: "/box/copy",
    headers: { "x-amz-copy-source": "/from/source" },
    needs: [
      ["s3:GetObject", "arn:aws:s3:::from/source"],
      ["s3:GetObjectTagging", "arn:aws:s3:::from/source"],
      ["s3:PutObject", `${B}/copy`],
      ["s3:PutObjectTagging", `${B}/copy`],
    ],
  }),
  () => ({
    name: "SelectObjectContent",
    method: "POST",
    path: "/box/k?select&select-type=2",
    body:
      "<SelectObjectContentRequest><Expression>SELECT * FROM S3Object</Expression><ExpressionType>SQL</ExpressionType>" +
      "<InputSerialization><CSV/></InputSerialization><OutputSerialization><CSV/></OutputSerialization></SelectObjectContentRequest>",
    needs: [["s3:GetObject", K]],
  }),
  () => ({
    name: "RenameObject",
    method: "PUT",
    path: "/plain/renamed?renameObject",
    headers: { "x-amz-rename-source": "/old" },
    needs: [
      ["s3:GetObject", "arn:aws:s3:::plain/old"],
      ["s3:DeleteObject", "arn:aws:s3:::plain/old"],
      ["s3:PutObject", "arn:aws:s3:::plain/renamed"],
    ],
  }),
  () => ({ name: "CreateMultipartUpload", method: "POST", path: "/box/k?uploads", needs: [["s3:PutObject", K]] }),
  () => ({
    name: "UploadPart",
    method: "PUT",
    path: `/box/upload?uploadId=${uploadId}&partNumber=2`,
    body: "part two",
    needs: [["s3:PutObject", `${B}/upload`]],
  }),
  () => ({
    name: "UploadPartCopy",
    method: "PUT",
    path: `/box/upload?uploadId=${uploadId}&partNumber=3`,
    headers: { "x-amz-copy-source": "/from/source" },
    needs: [
      ["s3:GetObject", "arn:aws:s3:::from/source"],
      ["s3:PutObject", `${B}/upload`],
    ],
  }),
  () => read("ListParts", `/box/upload?uploadId=${uploadId}`, "s3:ListMultipartUploadParts", 200, `${B}/upload`),
  () => ({
    name: "CompleteMultipartUpload",
    method: "POST",
    path: `/box/upload?uploadId=${uploadId}`,
    body: COMPLETE(),
    needs: [["s3:PutObject", `${B}/upload`]],
  }),
  () => ({
    name: "AbortMultipartUpload",
    method: "DELETE",
    path: `/box/k?uploadId=${uploadId}`,
    needs: [["s3:AbortMultipartUpload", K]],
    status: 204,
    before: async () => {
      const { text } = await done({ method: "POST", path: "/box/k?uploads" });
      uploadId = /<UploadId>([^<]*)/.exec(text)?.[1] ?? "";
    },
  }),
  () => remove("DeleteObject", "/box/k", "s3:DeleteObject", K),
  () => remove("DeleteObject", `/box/k?versionId=${versionId}`, "s3:DeleteObjectVersion", K),
  () => ({
    name: "DeleteObject",
    method: "DELETE",
    path: "/from/source",
    headers: { "if-match": `"${createHash("md5").update("source").digest("hex")}"` },
    needs: [
      ["s3:DeleteObject", "arn:aws:s3:::from/source"],
      ["s3:GetObject", "arn:aws:s3:::from/source"],
    ],
    status: 204,
  }),
  () => remove("DeleteBucketTagging", "/box?tagging", "s3:PutBucketTagging"),
  () => remove("DeleteBucketCors", "/box?cors", "s3:PutBucketCORS"),
  () => remove("DeleteBucketOwnershipControls", "/box?ownershipControls", "s3:PutBucketOwnershipControls"),
  () => remove("DeletePublicAccessBlock", "/box?publicAccessBlock", "s3:PutBucketPublicAccessBlock"),
  () => remove("DeleteBucketPolicy", "/box?policy", "s3:DeleteBucketPolicy"),
  () => remove("DeleteBucket", "/empty", "s3:DeleteBucket", "arn:aws:s3:::empty"),
];

/** Everything that is stored, apart from ids and cursors of jobs. */
async function everything(): Promise<string> {
  const tables = [
    "named_configurations",
    "notifications",
    "lifecycles",
    "annotations",
    "buckets",
    "objects",
    "versions",
    "uploads",
    "parts",
    "blobs",
    "trash",
    "account_access",
  ];
  const rows = await rig.d1.batch(tables.map((table) => rig.d1.prepare(`SELECT * FROM ${table}`).bind()));
  return JSON.stringify(rows.map(({ results }) => results));
}

const policiesFor = (needs: Case["needs"]) => [
  {
    Version: "2012-10-17",
    Statement: needs.map(([Action, Resource]) => ({ Effect: "Allow", Action, Resource })),
  },
];

describe.each(cases.map((build, index) => ({ build, index })))("operation $index", ({ build }) => {
  test("is refused without each permission, and done with all of them", async () => {
    const placed = build();
    await placed.before?.();
    const { name, needs, status = 200, ...request } = placed.before ? build() : placed;
    const before = await everything();
    // Whoever may do all but one of the things may not do it.
    for (const missing of [...needs.keys(), null]) {
      const others = missing === null ? [] : needs.filter((_, index) => index !== missing);
      const more = missing === null ? [] : [allowing("s3:*", `arn:aws:s3:::neighbour/*`)];
      const asked = s3As(
        rig.store,
        user(firstAccount, [...policiesFor(others).filter(() => others.length > 0), ...more]),
      );
      const answer = await asked(request);
      expect([name, missing, answer.status, answer.code]).toEqual([name, missing, 403, "AccessDenied"]);
    }
    // Nor may a caller that nobody knows, nor another account that the bucket's owner lets in nowhere.
    const isInside = needs.length > 0 && needs.every(([, arn]) => arn.startsWith(B));
    for (const who of [nobody, ...(isInside ? [otherRoot] : [])]) {
      expect([name, who.principal.kind, (await s3As(rig.store, who)(request)).status]).toEqual([
        name,
        who.principal.kind,
        403,
      ]);
    }
    expect(await everything()).toBe(before);
    const allowed = await s3As(rig.store, user(firstAccount, policiesFor(needs)))(request);
    expect([name, allowed.status, allowed.code === "AccessDenied", allowed.text]).toEqual([
      name,
      status,
      false,
      expect.anything(),
    ]);
  });

  test("is refused by a Deny, whatever else allows it", async () => {
    const placed = build();
    const { name, needs, before: _, status: __, ...request } = placed;
    const [Action, Resource] = needs[0] as readonly [string, string];
    const deny = { Version: "2012-10-17", Statement: { Effect: "Deny", Action, Resource } };
    const answer = await s3As(rig.store, user(firstAccount, [allowing("s3:*"), deny]))(request);
    expect([name, answer.status, answer.code]).toEqual([
      name,
      ...(needs.length > 0 && isGone(answer) ? [answer.status, answer.code] : [403, "AccessDenied"]),
    ]);
  });
});

/** What the first test has deleted for good is not there to be refused. */
function isGone({ code }: S3Answer): boolean {
  return code === "NoSuchBucket";
}

test("every operation that is built has a case above", () => {
  const inOtherTests = ["DeleteObjects"];
  const names = new Set([...cases.map((build) => build().name), ...inOtherTests]);
  const built = operationNames.filter((name) => operations[name].handler !== null);
  expect(built.filter((name) => !names.has(name))).toEqual([]);
});

describe("DeleteObjects", () => {
  test("decides key by key, and tells which it refused", async () => {
    await done({ method: "PUT", path: "/many" });
    for (const key of ["mine/1", "mine/2", "theirs/1"]) await done({ method: "PUT", path: `/many/${key}`, body: "x" });
    const body =
      "<Delete><Object><Key>mine/1</Key></Object><Object><Key>theirs/1</Key></Object>" +
      "<Object><Key>mine/2</Key><VersionId>null</VersionId></Object></Delete>";
    const asked = s3As(rig.store, user(firstAccount, [allowing("s3:DeleteObject", "arn:aws:s3:::many/mine/*")]));
    const { status, text } = await asked({ method: "POST", path: "/many?delete", body, headers: digest(body) });
    expect(status).toBe(200);
    expect(text).toContain("<Deleted><Key>mine/1</Key></Deleted>");
    expect(text).toContain("<Key>theirs/1</Key><Code>AccessDenied</Code>");
    expect(text).toContain("<Key>mine/2</Key><VersionId>null</VersionId><Code>AccessDenied</Code>");
    const left = (await done({ path: "/many" })).text.match(/<Key>[^<]*/g);
    expect(left).toEqual(["<Key>mine/2", "<Key>theirs/1"]);
  });

  test("needs the permission to bypass governance for each key", async () => {
    const lock = {
      "x-amz-object-lock-mode": "GOVERNANCE",
      "x-amz-object-lock-retain-until-date": "2040-01-01T00:00:00Z",
      ...digest("x"),
    };
    const put = async (path: string) =>
      (await done({ method: "PUT", path, body: "x", headers: lock })).headers["x-amz-version-id"];
    const [free, held] = [await put("/box/free/1"), await put("/box/held/1")];
    const body =
      `<Delete><Object><Key>free/1</Key><VersionId>${free}</VersionId></Object>` +
      `<Object><Key>held/1</Key><VersionId>${held}</VersionId></Object></Delete>`;
    const headers = { ...digest(body), "x-amz-bypass-governance-retention": "true" };
    const denied = {
      Version: "2012-10-17",
      Statement: { Effect: "Deny", Action: "s3:BypassGovernanceRetention", Resource: "arn:aws:s3:::box/held/*" },
    };
    const deleting = s3As(rig.store, user(firstAccount, [allowing("s3:DeleteObjectVersion")]));
    const refused = await deleting({ method: "POST", path: "/box?delete", body, headers });
    expect(refused.text.match(/<Code>AccessDenied/g)).toHaveLength(2);
    const bypassing = s3As(rig.store, user(firstAccount, [allowing("s3:*"), denied]));
    const { text } = await bypassing({ method: "POST", path: "/box?delete", body, headers });
    expect(text).toContain(`<Deleted><Key>free/1</Key>`);
    expect(text).toContain(`<Key>held/1</Key><VersionId>${held}</VersionId><Code>AccessDenied</Code>`);
  });

  test("is nothing for callers that nobody knows", async () => {
    const { status, text } = await s3As(
      rig.store,
      nobody,
    )({
      method: "POST",
      path: "/many?delete",
      body: DELETE,
      headers: digest(DELETE),
    });
    expect([status, text.includes("<Code>AccessDenied</Code>")]).toEqual([200, true]);
  });
});

describe("callers without permission do not learn", () => {
  const stranger = () => s3As(rig.store, nobody);

  test("whether a bucket has object lock", async () => {
    for (const path of ["/plain/old?retention", "/plain/old?legal-hold", "/box/k?retention"]) {
      expect([path, (await stranger()({ path })).status]).toEqual([path, 403]);
    }
    expect((await asRoot({ path: "/plain/old?retention" })).code).toBe("InvalidRequest");
  });

  test("whether an account has an e-mail address", async () => {
    const headers = { "x-amz-grant-read": 'emailAddress="nobody@example.org"' };
    const put = { method: "PUT", body: "x", headers };
    const copy = { ...headers, "x-amz-copy-source": "/from/source" };
    for (const ask of [stranger(), s3As(rig.store, user(firstAccount, [allowing("s3:PutObject")]))]) {
      expect((await ask({ ...put, path: "/plain/x" })).code).toBe("AccessDenied");
      expect((await ask({ method: "POST", path: "/plain/x?uploads", headers })).code).toBe("AccessDenied");
      expect((await ask({ method: "PUT", path: "/plain/x", headers: copy })).code).toBe("AccessDenied");
    }
    expect((await stranger()({ ...put, path: "/no-such-bucket/x" })).code).toBe("NoSuchBucket");
    expect((await asRoot({ ...put, path: "/plain/x" })).code).toBe("UnresolvableGrantByEmailAddress");
  });

  test("the same by PutObjectAcl, where ACLs count too", async () => {
    const owner = "<Owner><ID>3fc6b54705736df6ff6010111bd81893a6f6b1f4ddc2b58c344e4f32415f5a96</ID></Owner>";
    const grantee = "<Grantee><EmailAddress>nobody@example.org</EmailAddress></Grantee>";
    const list = `<AccessControlList><Grant>${grantee}<Permission>READ</Permission></Grant></AccessControlList>`;
    const body = `<AccessControlPolicy>${owner}${list}</AccessControlPolicy>`;
    await done({ method: "PUT", path: "/acl-box", headers: { "x-amz-object-ownership": "ObjectWriter" } });
    await done({ method: "PUT", path: "/acl-box/k", body: "x" });
    const put = { method: "PUT", path: "/acl-box/k?acl", body, headers: digest(body) };
    for (const ask of [stranger(), s3As(rig.store, user(firstAccount, [allowing("s3:GetObject")]))]) {
      expect((await ask(put)).code).toBe("AccessDenied");
    }
    expect((await asRoot(put)).code).toBe("UnresolvableGrantByEmailAddress");
  });

  test("the ETag of what a rename would replace", async () => {
    await done({ method: "PUT", path: "/plain/moving", body: "x" });
    const actions = ["s3:DeleteObject", "s3:PutObject"];
    const mover = s3As(
      rig.store,
      user(firstAccount, [allowing(actions), allowing("s3:GetObject", "arn:aws:s3:::plain/moving")]),
    );
    const headers = { "x-amz-rename-source": "/moving", "if-match": '"00000000000000000000000000000000"' };
    const request = { method: "PUT", path: "/plain/old?renameObject", headers };
    expect([(await mover(request)).status, (await asRoot(request)).status]).toEqual([403, 412]);
  });
});

test("a copy that keeps its source's tags does not satisfy a policy by tags that it ignores", async () => {
  const tagged = { Condition: { StringEquals: { "s3:RequestObjectTag/team": "blue" } } };
  const asked = s3As(
    rig.store,
    user(firstAccount, [
      allowing(["s3:GetObject", "s3:GetObjectTagging", "s3:PutObjectTagging"]),
      allowing("s3:PutObject", "*", tagged),
    ]),
  );
  await done({ method: "PUT", path: "/plain/bare", body: "x" });
  const headers = { "x-amz-copy-source": "/plain/bare", "x-amz-tagging": "team=blue" };
  const copy = (more: Record<string, string> = {}) =>
    asked({ method: "PUT", path: "/plain/copied", headers: { ...headers, ...more } });
  expect((await copy()).code).toBe("AccessDenied");
  expect((await copy({ "x-amz-tagging-directive": "REPLACE" })).status).toBe(200);
});

test("a rename that is repeated under its token is decided like the first", async () => {
  await done({ method: "PUT", path: "/plain/before", body: "x" });
  const headers = { "x-amz-rename-source": "/before", "x-amz-client-token": "t1" };
  const request = { method: "PUT", path: "/plain/after?renameObject", headers };
  const mover = s3As(rig.store, user(firstAccount, [allowing(["s3:GetObject", "s3:DeleteObject", "s3:PutObject"])]));
  expect([(await mover(request)).status, (await mover(request)).status]).toEqual([200, 200]);
  expect((await s3As(rig.store, nobody)(request)).status).toBe(403);
});

test("a copy's source is what it reads, whatever stands behind its key", async () => {
  const only = { Condition: { StringEquals: { "s3:x-amz-copy-source": "sources/red" } } };
  const asked = s3As(
    rig.store,
    user(firstAccount, [allowing(["s3:GetObject", "s3:GetObjectVersion"]), allowing("s3:PutObject", "*", only)]),
  );
  await done({ method: "PUT", path: "/sources" });
  for (const path of ["/sources/red", "/sources/red%3FversionId=1"]) await done({ method: "PUT", path, body: "x" });
  const copy = async (source: string) =>
    (await asked({ method: "PUT", path: "/sources/copied", headers: { "x-amz-copy-source": source } })).status;
  expect(await copy("/sources/red?versionId=null")).toBe(200);
  expect(await copy("/sources/red?versionId=1?versionId=null")).toBe(403);
});

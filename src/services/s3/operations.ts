import { element } from "../../protocols/rest-xml/write.ts";
import { deleteBucketOwnershipControls } from "./acl/delete-bucket-ownership-controls.ts";
import { deletePublicAccessBlock } from "./acl/delete-public-access-block.ts";
import { getBucketAcl } from "./acl/get-bucket-acl.ts";
import { getBucketOwnershipControls } from "./acl/get-bucket-ownership-controls.ts";
import { getObjectAcl } from "./acl/get-object-acl.ts";
import { getPublicAccessBlock } from "./acl/get-public-access-block.ts";
import { putBucketAcl } from "./acl/put-bucket-acl.ts";
import { putBucketOwnershipControls } from "./acl/put-bucket-ownership-controls.ts";
import { putObjectAcl } from "./acl/put-object-acl.ts";
import { putPublicAccessBlock } from "./acl/put-public-access-block.ts";
import { createBucket } from "./buckets/create-bucket.ts";
import { deleteBucket } from "./buckets/delete-bucket.ts";
import { getBucketLocation } from "./buckets/get-bucket-location.ts";
import { getBucketVersioning } from "./buckets/get-bucket-versioning.ts";
import { headBucket } from "./buckets/head-bucket.ts";
import { listBuckets } from "./buckets/list-buckets.ts";
import { putBucketVersioning } from "./buckets/put-bucket-versioning.ts";
import { fixedDocument, notSet } from "./buckets/unset-configurations.ts";
import { deleteBucketCors } from "./cors/delete-bucket-cors.ts";
import { getBucketCors } from "./cors/get-bucket-cors.ts";
import { putBucketCors } from "./cors/put-bucket-cors.ts";
import { postObject } from "./form/post-object.ts";
import { type RefusedHeader, refusedHeaders } from "./gate/refused-headers.ts";
import type { Handler } from "./handler.ts";
import { listObjectVersions } from "./listing/list-object-versions.ts";
import { listObjects } from "./listing/list-objects.ts";
import { listObjectsV2 } from "./listing/list-objects-v2.ts";
import { getObjectLegalHold } from "./lock/get-object-legal-hold.ts";
import { getObjectLockConfiguration } from "./lock/get-object-lock-configuration.ts";
import { getObjectRetention } from "./lock/get-object-retention.ts";
import { putObjectLegalHold } from "./lock/put-object-legal-hold.ts";
import { putObjectLockConfiguration } from "./lock/put-object-lock-configuration.ts";
import { putObjectRetention } from "./lock/put-object-retention.ts";
import { abortMultipartUpload } from "./multipart/abort-multipart-upload.ts";
import { completeMultipartUpload } from "./multipart/complete-multipart-upload.ts";
import { createMultipartUpload } from "./multipart/create-multipart-upload.ts";
import { listMultipartUploads } from "./multipart/list-multipart-uploads.ts";
import { listParts } from "./multipart/list-parts.ts";
import { uploadPart } from "./multipart/upload-part.ts";
import { uploadPartCopy } from "./multipart/upload-part-copy.ts";
import { copyObject } from "./objects/copy-object.ts";
import { deleteObject } from "./objects/delete-object.ts";
import { deleteObjects } from "./objects/delete-objects.ts";
import { getObject } from "./objects/get-object.ts";
import { getObjectAttributes } from "./objects/get-object-attributes.ts";
import { headObject } from "./objects/head-object.ts";
import { putObject } from "./objects/put-object.ts";
import { renameObject } from "./objects/rename-object.ts";
import type { OperationName } from "./operation-name.ts";
import { deleteBucketTagging } from "./tagging/delete-bucket-tagging.ts";
import { deleteObjectTagging } from "./tagging/delete-object-tagging.ts";
import { getBucketTagging } from "./tagging/get-bucket-tagging.ts";
import { getObjectTagging } from "./tagging/get-object-tagging.ts";
import { putBucketTagging } from "./tagging/put-bucket-tagging.ts";
import { putObjectTagging } from "./tagging/put-object-tagging.ts";

/** All that is to be known of an operation outside its handler. */
export interface OperationRow {
  /** The action that the caller must be allowed, in the words of S3's policies. */
  readonly permission: string;
  /** What the request body is: nothing that is read, an XML document, the bytes of an object, or a form with them in it. */
  readonly body: "none" | "xml" | "stream" | "form";
  /** Headers for features that are not built: 501 by name. */
  readonly refused: readonly RefusedHeader[];
  /** Query parameters that it reads. Others are ignored, as at AWS; only `versionId` is refused where it is not listed. */
  readonly query: readonly string[];
  /** Null where the operation is not built: 501 by name. */
  readonly handler: Handler | null;
}

function built(
  permission: string,
  handler: Handler,
  options: Partial<Pick<OperationRow, "body" | "refused" | "query">> = {},
): OperationRow {
  return { permission, body: "none", refused: refusedHeaders.none, query: [], ...options, handler };
}

function notBuilt(permission: string): OperationRow {
  return { permission, body: "none", refused: refusedHeaders.none, query: ["versionId"], handler: null };
}

const readObject = {
  refused: refusedHeaders.readObject,
  query: [
    "versionId",
    "partNumber",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
  ],
};
const oneVersion = { query: ["versionId"] };
const oneUpload = ["uploadId"];
const onePart = ["uploadId", "partNumber"];
const noneListed = element("IsTruncated", false);

/** Every operation of S3. A missing row does not compile. */
export const operations: Readonly<Record<OperationName, OperationRow>> = {
  AbortMultipartUpload: built("s3:AbortMultipartUpload", abortMultipartUpload, { query: oneUpload }),
  CompleteMultipartUpload: built("s3:PutObject", completeMultipartUpload, {
    body: "xml",
    refused: refusedHeaders.readObject,
    query: oneUpload,
  }),
  CopyObject: built("s3:PutObject", copyObject, { refused: refusedHeaders.copyObject }),
  CreateBucket: built("s3:CreateBucket", createBucket, { body: "xml", refused: refusedHeaders.createBucket }),
  CreateBucketMetadataConfiguration: notBuilt("s3:CreateBucketMetadataTableConfiguration"),
  CreateBucketMetadataTableConfiguration: notBuilt("s3:CreateBucketMetadataTableConfiguration"),
  CreateMultipartUpload: built("s3:PutObject", createMultipartUpload, { refused: refusedHeaders.createUpload }),
  CreateSession: notBuilt("s3express:CreateSession"),
  DeleteBucket: built("s3:DeleteBucket", deleteBucket),
  DeleteBucketAnalyticsConfiguration: notBuilt("s3:PutAnalyticsConfiguration"),
  DeleteBucketCors: built("s3:PutBucketCORS", deleteBucketCors),
  DeleteBucketEncryption: notBuilt("s3:PutEncryptionConfiguration"),
  DeleteBucketIntelligentTieringConfiguration: notBuilt("s3:PutIntelligentTieringConfiguration"),
  DeleteBucketInventoryConfiguration: notBuilt("s3:PutInventoryConfiguration"),
  DeleteBucketLifecycle: notBuilt("s3:PutLifecycleConfiguration"),
  DeleteBucketMetadataConfiguration: notBuilt("s3:DeleteBucketMetadataTableConfiguration"),
  DeleteBucketMetadataTableConfiguration: notBuilt("s3:DeleteBucketMetadataTableConfiguration"),
  DeleteBucketMetricsConfiguration: notBuilt("s3:PutMetricsConfiguration"),
  DeleteBucketOwnershipControls: built("s3:PutBucketOwnershipControls", deleteBucketOwnershipControls),
  DeleteBucketPolicy: notBuilt("s3:DeleteBucketPolicy"),
  DeleteBucketReplication: notBuilt("s3:PutReplicationConfiguration"),
  DeleteBucketTagging: built("s3:PutBucketTagging", deleteBucketTagging),
  DeleteBucketWebsite: notBuilt("s3:DeleteBucketWebsite"),
  DeleteObject: built("s3:DeleteObject", deleteObject, { refused: refusedHeaders.deleteObject, ...oneVersion }),
  DeleteObjectAnnotation: notBuilt("s3:DeleteObjectAnnotation"),
  DeleteObjects: built("s3:DeleteObject", deleteObjects, { body: "xml" }),
  DeleteObjectTagging: built("s3:DeleteObjectTagging", deleteObjectTagging, oneVersion),
  DeletePublicAccessBlock: built("s3:PutBucketPublicAccessBlock", deletePublicAccessBlock),
  GetBucketAbac: notBuilt("s3:GetBucketAbac"),
  GetBucketAccelerateConfiguration: built("s3:GetAccelerateConfiguration", fixedDocument("AccelerateConfiguration")),
  GetBucketAcl: built("s3:GetBucketAcl", getBucketAcl),
  GetBucketAnalyticsConfiguration: built("s3:GetAnalyticsConfiguration", notSet("NoSuchConfiguration"), {
    query: ["id"],
  }),
  GetBucketCors: built("s3:GetBucketCORS", getBucketCors),
  GetBucketEncryption: built("s3:GetEncryptionConfiguration", notSet("ServerSideEncryptionConfigurationNotFoundError")),
  GetBucketIntelligentTieringConfiguration: built(
    "s3:GetIntelligentTieringConfiguration",
    notSet("NoSuchConfiguration"),
    { query: ["id"] },
  ),
  GetBucketInventoryConfiguration: built("s3:GetInventoryConfiguration", notSet("NoSuchConfiguration"), {
    query: ["id"],
  }),
  GetBucketLifecycleConfiguration: built("s3:GetLifecycleConfiguration", notSet("NoSuchLifecycleConfiguration")),
  GetBucketLocation: built("s3:GetBucketLocation", getBucketLocation),
  GetBucketLogging: built("s3:GetBucketLogging", fixedDocument("BucketLoggingStatus")),
  GetBucketMetadataConfiguration: notBuilt("s3:GetBucketMetadataTableConfiguration"),
  GetBucketMetadataTableConfiguration: notBuilt("s3:GetBucketMetadataTableConfiguration"),
  GetBucketMetricsConfiguration: built("s3:GetMetricsConfiguration", notSet("NoSuchConfiguration"), {
    query: ["id"],
  }),
  GetBucketNotificationConfiguration: built("s3:GetBucketNotification", fixedDocument("NotificationConfiguration")),
  GetBucketOwnershipControls: built("s3:GetBucketOwnershipControls", getBucketOwnershipControls),
  GetBucketPolicy: built("s3:GetBucketPolicy", notSet("NoSuchBucketPolicy")),
  GetBucketPolicyStatus: built("s3:GetBucketPolicyStatus", notSet("NoSuchBucketPolicy")),
  GetBucketReplication: built("s3:GetReplicationConfiguration", notSet("ReplicationConfigurationNotFoundError")),
  GetBucketRequestPayment: built(
    "s3:GetBucketRequestPayment",
    fixedDocument("RequestPaymentConfiguration", element("Payer", "BucketOwner")),
  ),
  GetBucketTagging: built("s3:GetBucketTagging", getBucketTagging),
  GetBucketVersioning: built("s3:GetBucketVersioning", getBucketVersioning),
  GetBucketWebsite: built("s3:GetBucketWebsite", notSet("NoSuchWebsiteConfiguration")),
  GetObject: built("s3:GetObject", getObject, readObject),
  GetObjectAcl: built("s3:GetObjectAcl", getObjectAcl, oneVersion),
  GetObjectAnnotation: notBuilt("s3:GetObjectAnnotation"),
  GetObjectAttributes: built("s3:GetObjectAttributes", getObjectAttributes, {
    refused: refusedHeaders.readObject,
    ...oneVersion,
  }),
  GetObjectLegalHold: built("s3:GetObjectLegalHold", getObjectLegalHold, oneVersion),
  GetObjectLockConfiguration: built("s3:GetBucketObjectLockConfiguration", getObjectLockConfiguration),
  GetObjectRetention: built("s3:GetObjectRetention", getObjectRetention, oneVersion),
  GetObjectTagging: built("s3:GetObjectTagging", getObjectTagging, oneVersion),
  GetObjectTorrent: notBuilt("s3:GetObjectTorrent"),
  GetPublicAccessBlock: built("s3:GetBucketPublicAccessBlock", getPublicAccessBlock),
  HeadBucket: built("s3:ListBucket", headBucket),
  HeadObject: built("s3:GetObject", headObject, readObject),
  ListBucketAnalyticsConfigurations: built(
    "s3:GetAnalyticsConfiguration",
    fixedDocument("ListBucketAnalyticsConfigurationResult", noneListed),
  ),
  ListBucketIntelligentTieringConfigurations: built(
    "s3:GetIntelligentTieringConfiguration",
    fixedDocument("ListBucketIntelligentTieringConfigurationsOutput", noneListed),
  ),
  ListBucketInventoryConfigurations: built(
    "s3:GetInventoryConfiguration",
    fixedDocument("ListInventoryConfigurationsResult", noneListed),
  ),
  ListBucketMetricsConfigurations: built(
    "s3:GetMetricsConfiguration",
    fixedDocument("ListMetricsConfigurationsResult", noneListed),
  ),
  ListBuckets: built("s3:ListAllMyBuckets", listBuckets, {
    query: ["bucket-region", "continuation-token", "max-buckets", "prefix"],
  }),
  ListDirectoryBuckets: notBuilt("s3express:ListAllMyDirectoryBuckets"),
  ListMultipartUploads: built("s3:ListBucketMultipartUploads", listMultipartUploads, {
    query: ["delimiter", "encoding-type", "key-marker", "max-uploads", "prefix", "upload-id-marker"],
  }),
  ListObjectAnnotations: notBuilt("s3:ListObjectAnnotations"),
  ListObjects: built("s3:ListBucket", listObjects, {
    query: ["delimiter", "encoding-type", "marker", "max-keys", "prefix"],
  }),
  ListObjectsV2: built("s3:ListBucket", listObjectsV2, {
    query: [
      "list-type",
      "continuation-token",
      "delimiter",
      "encoding-type",
      "fetch-owner",
      "max-keys",
      "prefix",
      "start-after",
    ],
  }),
  ListObjectVersions: built("s3:ListBucketVersions", listObjectVersions, {
    query: ["delimiter", "encoding-type", "key-marker", "max-keys", "prefix", "version-id-marker"],
  }),
  ListParts: built("s3:ListMultipartUploadParts", listParts, {
    refused: refusedHeaders.readObject,
    query: ["uploadId", "max-parts", "part-number-marker"],
  }),
  PostObject: built("s3:PutObject", postObject, { body: "form", refused: refusedHeaders.writeObject }),
  PutBucketAbac: notBuilt("s3:PutBucketAbac"),
  PutBucketAccelerateConfiguration: notBuilt("s3:PutAccelerateConfiguration"),
  PutBucketAcl: built("s3:PutBucketAcl", putBucketAcl, { body: "xml", refused: refusedHeaders.acl }),
  PutBucketAnalyticsConfiguration: notBuilt("s3:PutAnalyticsConfiguration"),
  PutBucketCors: built("s3:PutBucketCORS", putBucketCors, { body: "xml" }),
  PutBucketEncryption: notBuilt("s3:PutEncryptionConfiguration"),
  PutBucketIntelligentTieringConfiguration: notBuilt("s3:PutIntelligentTieringConfiguration"),
  PutBucketInventoryConfiguration: notBuilt("s3:PutInventoryConfiguration"),
  PutBucketLifecycleConfiguration: notBuilt("s3:PutLifecycleConfiguration"),
  PutBucketLogging: notBuilt("s3:PutBucketLogging"),
  PutBucketMetricsConfiguration: notBuilt("s3:PutMetricsConfiguration"),
  PutBucketNotificationConfiguration: notBuilt("s3:PutBucketNotification"),
  PutBucketOwnershipControls: built("s3:PutBucketOwnershipControls", putBucketOwnershipControls, { body: "xml" }),
  PutBucketPolicy: notBuilt("s3:PutBucketPolicy"),
  PutBucketReplication: notBuilt("s3:PutReplicationConfiguration"),
  PutBucketRequestPayment: notBuilt("s3:PutBucketRequestPayment"),
  PutBucketTagging: built("s3:PutBucketTagging", putBucketTagging, { body: "xml" }),
  PutBucketVersioning: built("s3:PutBucketVersioning", putBucketVersioning, { body: "xml" }),
  PutBucketWebsite: notBuilt("s3:PutBucketWebsite"),
  PutObject: built("s3:PutObject", putObject, { body: "stream", refused: refusedHeaders.writeObject }),
  PutObjectAcl: built("s3:PutObjectAcl", putObjectAcl, { body: "xml", refused: refusedHeaders.acl, ...oneVersion }),
  PutObjectAnnotation: notBuilt("s3:PutObjectAnnotation"),
  PutObjectLegalHold: built("s3:PutObjectLegalHold", putObjectLegalHold, { body: "xml", ...oneVersion }),
  PutObjectLockConfiguration: built("s3:PutBucketObjectLockConfiguration", putObjectLockConfiguration, { body: "xml" }),
  PutObjectRetention: built("s3:PutObjectRetention", putObjectRetention, { body: "xml", ...oneVersion }),
  PutObjectTagging: built("s3:PutObjectTagging", putObjectTagging, { body: "xml", ...oneVersion }),
  PutPublicAccessBlock: built("s3:PutBucketPublicAccessBlock", putPublicAccessBlock, { body: "xml" }),
  RenameObject: built("s3express:RenameObject", renameObject),
  RestoreObject: notBuilt("s3:RestoreObject"),
  SelectObjectContent: notBuilt("s3:GetObject"),
  UpdateBucketMetadataAnnotationTableConfiguration: notBuilt("s3:UpdateBucketMetadataAnnotationTableConfiguration"),
  UpdateBucketMetadataInventoryTableConfiguration: notBuilt("s3:UpdateBucketMetadataInventoryTableConfiguration"),
  UpdateBucketMetadataJournalTableConfiguration: notBuilt("s3:UpdateBucketMetadataJournalTableConfiguration"),
  UpdateObjectEncryption: notBuilt("s3:UpdateObjectEncryption"),
  UploadPart: built("s3:PutObject", uploadPart, {
    body: "stream",
    refused: refusedHeaders.uploadPart,
    query: onePart,
  }),
  UploadPartCopy: built("s3:PutObject", uploadPartCopy, { refused: refusedHeaders.uploadPartCopy, query: onePart }),
  WriteGetObjectResponse: notBuilt("s3-object-lambda:WriteGetObjectResponse"),
};

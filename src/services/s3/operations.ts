import { element } from "../../protocols/rest-xml/write.ts";
import { getBucketAbac } from "./abac/get-bucket-abac.ts";
import { putBucketAbac } from "./abac/put-bucket-abac.ts";
import { deleteBucketOwnershipControls } from "./acl/delete-bucket-ownership-controls.ts";
import { getBucketAcl } from "./acl/get-bucket-acl.ts";
import { getBucketOwnershipControls } from "./acl/get-bucket-ownership-controls.ts";
import { getObjectAcl } from "./acl/get-object-acl.ts";
import { putBucketAcl } from "./acl/put-bucket-acl.ts";
import { putBucketOwnershipControls } from "./acl/put-bucket-ownership-controls.ts";
import { putObjectAcl } from "./acl/put-object-acl.ts";
import { deleteObjectAnnotation } from "./annotations/delete-object-annotation.ts";
import { getObjectAnnotation } from "./annotations/get-object-annotation.ts";
import { listObjectAnnotations } from "./annotations/list-object-annotations.ts";
import { putObjectAnnotation } from "./annotations/put-object-annotation.ts";
import { createBucket as newBucketAsks } from "./buckets/asks.ts";
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
import { deleteBucketEncryption } from "./encryption/delete-bucket-encryption.ts";
import { getBucketEncryption } from "./encryption/get-bucket-encryption.ts";
import { putBucketEncryption } from "./encryption/put-bucket-encryption.ts";
import { updateObjectEncryption } from "./encryption/update-object-encryption.ts";
import { postObject } from "./form/post-object.ts";
import { type Asks, all, bypassAsks, ofAccount, ofBucket, ofKey, ofObject, ofUpload } from "./gate/ask.ts";
import { type RefusedHeader, refusedHeaders } from "./gate/refused-headers.ts";
import type { Handler } from "./handler.ts";
import { inventoryOperations } from "./inventory/configuration.ts";
import { deleteBucketLifecycle } from "./lifecycle/delete-bucket-lifecycle.ts";
import { getBucketLifecycleConfiguration } from "./lifecycle/get-bucket-lifecycle-configuration.ts";
import { putBucketLifecycleConfiguration } from "./lifecycle/put-bucket-lifecycle-configuration.ts";
import { listObjectVersions } from "./listing/list-object-versions.ts";
import { listObjects } from "./listing/list-objects.ts";
import { listObjectsV2 } from "./listing/list-objects-v2.ts";
import { getObjectLegalHold } from "./lock/get-object-legal-hold.ts";
import { getObjectLockConfiguration } from "./lock/get-object-lock-configuration.ts";
import { getObjectRetention } from "./lock/get-object-retention.ts";
import { putObjectLegalHold } from "./lock/put-object-legal-hold.ts";
import { putObjectLockConfiguration } from "./lock/put-object-lock-configuration.ts";
import { putObjectRetention } from "./lock/put-object-retention.ts";
import { getBucketLogging } from "./logging/get-bucket-logging.ts";
import { putBucketLogging } from "./logging/put-bucket-logging.ts";
import { abortMultipartUpload } from "./multipart/abort-multipart-upload.ts";
import { completeMultipartUpload } from "./multipart/complete-multipart-upload.ts";
import { createMultipartUpload } from "./multipart/create-multipart-upload.ts";
import { listMultipartUploads } from "./multipart/list-multipart-uploads.ts";
import { listParts } from "./multipart/list-parts.ts";
import { uploadPart } from "./multipart/upload-part.ts";
import { uploadPartCopy } from "./multipart/upload-part-copy.ts";
import { getBucketNotificationConfiguration } from "./notifications/get-bucket-notification-configuration.ts";
import { putBucketNotificationConfiguration } from "./notifications/put-bucket-notification-configuration.ts";
import * as asksOf from "./objects/asks.ts";
import { copyObject } from "./objects/copy-object.ts";
import { deleteObject } from "./objects/delete-object.ts";
import { deleteObjects } from "./objects/delete-objects.ts";
import { getObject } from "./objects/get-object.ts";
import { getObjectAttributes } from "./objects/get-object-attributes.ts";
import { headObject } from "./objects/head-object.ts";
import { putObject } from "./objects/put-object.ts";
import { renameObject } from "./objects/rename-object.ts";
import { restoreObject } from "./objects/restore-object.ts";
import type { OperationName } from "./operation-name.ts";
import { deleteBucketPolicy } from "./policy/delete-bucket-policy.ts";
import { getBucketPolicy } from "./policy/get-bucket-policy.ts";
import { getBucketPolicyStatus } from "./policy/get-bucket-policy-status.ts";
import { putBucketPolicy } from "./policy/put-bucket-policy.ts";
import { deletePublicAccessBlock } from "./public-access/delete-public-access-block.ts";
import { getPublicAccessBlock } from "./public-access/get-public-access-block.ts";
import { putPublicAccessBlock } from "./public-access/put-public-access-block.ts";
import { selectObjectContent } from "./select/select-object-content.ts";
import { deleteBucketTagging } from "./tagging/delete-bucket-tagging.ts";
import { deleteObjectTagging } from "./tagging/delete-object-tagging.ts";
import { getBucketTagging } from "./tagging/get-bucket-tagging.ts";
import { getObjectTagging } from "./tagging/get-object-tagging.ts";
import { putBucketTagging } from "./tagging/put-bucket-tagging.ts";
import { putObjectTagging } from "./tagging/put-object-tagging.ts";
import { tieringOperations } from "./tiering/configuration.ts";
import { deleteBucketWebsite } from "./website/delete-bucket-website.ts";
import { getBucketWebsite } from "./website/get-bucket-website.ts";
import { putBucketWebsite } from "./website/put-bucket-website.ts";

/** Everything about an operation except its handler. */
export interface OperationRow {
  /** The permissions that the caller needs, in terms of S3's policies. */
  readonly asks: Asks;
  /** Kind of the request body: none, a document, the bytes of an object, or a form with them. */
  readonly body: "none" | "xml" | "stream" | "form";
  /** Headers for features that are not built: 501 by name. */
  readonly refused: readonly RefusedHeader[];
  /**
   * Query parameters that it reads. Others are ignored, as at AWS; only `versionId` is refused if
   * it is not listed.
   */
  readonly query: readonly string[];
  /** Null if the operation is not built: 501 by name. */
  readonly handler: Handler | null;
}

function built(
  asks: Asks,
  handler: Handler,
  options: Partial<Pick<OperationRow, "body" | "refused" | "query">> = {},
): OperationRow {
  return { asks, body: "none", refused: [], query: [], ...options, handler };
}

function notBuilt(asks: Asks): OperationRow {
  return { asks, body: "none", refused: [], query: ["versionId"], handler: null };
}

const readObject = {
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
/** DeleteObjects asks key by key, for the keys in its body. */
const byKey: Asks = () => [];
const attributesAsks = all(
  ofObject("s3:GetObject", "s3:GetObjectVersion"),
  ofObject("s3:GetObjectAttributes", "s3:GetObjectVersionAttributes"),
);
const byId = { query: ["id"] };
const oneVersion = { query: ["versionId"] };
const oneAnnotation = { query: ["versionId", "annotationName"] };
const oneUpload = ["uploadId"];
const onePart = ["uploadId", "partNumber"];
const noneListed = element("IsTruncated", false);

/** Every operation of S3. A missing row does not compile. */
export const operations: Readonly<Record<OperationName, OperationRow>> = {
  AbortMultipartUpload: built(ofUpload("s3:AbortMultipartUpload"), abortMultipartUpload, { query: oneUpload }),
  CompleteMultipartUpload: built(asksOf.completeUpload, completeMultipartUpload, {
    body: "xml",
    query: oneUpload,
  }),
  CopyObject: built(asksOf.copyObject, copyObject),
  CreateBucket: built(newBucketAsks, createBucket, { body: "xml" }),
  CreateBucketMetadataConfiguration: notBuilt(ofBucket("s3:CreateBucketMetadataTableConfiguration")),
  CreateBucketMetadataTableConfiguration: notBuilt(ofBucket("s3:CreateBucketMetadataTableConfiguration")),
  CreateMultipartUpload: built(asksOf.writeObject, createMultipartUpload),
  CreateSession: notBuilt(ofBucket("s3express:CreateSession")),
  DeleteBucket: built(ofBucket("s3:DeleteBucket"), deleteBucket),
  DeleteBucketAnalyticsConfiguration: notBuilt(ofBucket("s3:PutAnalyticsConfiguration")),
  DeleteBucketCors: built(ofBucket("s3:PutBucketCORS"), deleteBucketCors),
  DeleteBucketEncryption: built(ofBucket("s3:PutEncryptionConfiguration"), deleteBucketEncryption),
  DeleteBucketIntelligentTieringConfiguration: built(
    ofBucket("s3:PutIntelligentTieringConfiguration"),
    tieringOperations.remove,
    byId,
  ),
  DeleteBucketInventoryConfiguration: built(ofBucket("s3:PutInventoryConfiguration"), inventoryOperations.remove, byId),
  DeleteBucketLifecycle: built(ofBucket("s3:PutLifecycleConfiguration"), deleteBucketLifecycle),
  DeleteBucketMetadataConfiguration: notBuilt(ofBucket("s3:DeleteBucketMetadataTableConfiguration")),
  DeleteBucketMetadataTableConfiguration: notBuilt(ofBucket("s3:DeleteBucketMetadataTableConfiguration")),
  DeleteBucketMetricsConfiguration: notBuilt(ofBucket("s3:PutMetricsConfiguration")),
  DeleteBucketOwnershipControls: built(ofBucket("s3:PutBucketOwnershipControls"), deleteBucketOwnershipControls),
  DeleteBucketPolicy: built(ofBucket("s3:DeleteBucketPolicy"), deleteBucketPolicy),
  DeleteBucketReplication: notBuilt(ofBucket("s3:PutReplicationConfiguration")),
  DeleteBucketTagging: built(ofBucket("s3:PutBucketTagging"), deleteBucketTagging),
  DeleteBucketWebsite: built(ofBucket("s3:DeleteBucketWebsite"), deleteBucketWebsite),
  DeleteObject: built(asksOf.deleteObject, deleteObject, { refused: refusedHeaders.deleteObject, ...oneVersion }),
  DeleteObjectAnnotation: built(
    asksOf.changeAnnotation("s3:DeleteObjectAnnotation", "s3:DeleteObjectVersionAnnotation"),
    deleteObjectAnnotation,
    oneAnnotation,
  ),
  DeleteObjects: built(byKey, deleteObjects, { body: "xml" }),
  DeleteObjectTagging: built(
    ofObject("s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"),
    deleteObjectTagging,
    oneVersion,
  ),
  DeletePublicAccessBlock: built(ofBucket("s3:PutBucketPublicAccessBlock"), deletePublicAccessBlock),
  GetBucketAbac: built(ofBucket("s3:GetBucketAbac"), getBucketAbac),
  GetBucketAccelerateConfiguration: built(
    ofBucket("s3:GetAccelerateConfiguration"),
    fixedDocument("AccelerateConfiguration"),
  ),
  GetBucketAcl: built(ofBucket("s3:GetBucketAcl"), getBucketAcl),
  GetBucketAnalyticsConfiguration: built(ofBucket("s3:GetAnalyticsConfiguration"), notSet("NoSuchConfiguration"), {
    query: ["id"],
  }),
  GetBucketCors: built(ofBucket("s3:GetBucketCORS"), getBucketCors),
  GetBucketEncryption: built(ofBucket("s3:GetEncryptionConfiguration"), getBucketEncryption),
  GetBucketIntelligentTieringConfiguration: built(
    ofBucket("s3:GetIntelligentTieringConfiguration"),
    tieringOperations.get,
    byId,
  ),
  GetBucketInventoryConfiguration: built(ofBucket("s3:GetInventoryConfiguration"), inventoryOperations.get, byId),
  GetBucketLifecycleConfiguration: built(ofBucket("s3:GetLifecycleConfiguration"), getBucketLifecycleConfiguration),
  GetBucketLocation: built(ofBucket("s3:GetBucketLocation"), getBucketLocation),
  GetBucketLogging: built(ofBucket("s3:GetBucketLogging"), getBucketLogging),
  GetBucketMetadataConfiguration: notBuilt(ofBucket("s3:GetBucketMetadataTableConfiguration")),
  GetBucketMetadataTableConfiguration: notBuilt(ofBucket("s3:GetBucketMetadataTableConfiguration")),
  GetBucketMetricsConfiguration: built(ofBucket("s3:GetMetricsConfiguration"), notSet("NoSuchConfiguration"), {
    query: ["id"],
  }),
  GetBucketNotificationConfiguration: built(ofBucket("s3:GetBucketNotification"), getBucketNotificationConfiguration),
  GetBucketOwnershipControls: built(ofBucket("s3:GetBucketOwnershipControls"), getBucketOwnershipControls),
  GetBucketPolicy: built(ofBucket("s3:GetBucketPolicy"), getBucketPolicy),
  GetBucketPolicyStatus: built(ofBucket("s3:GetBucketPolicyStatus"), getBucketPolicyStatus),
  GetBucketReplication: built(
    ofBucket("s3:GetReplicationConfiguration"),
    notSet("ReplicationConfigurationNotFoundError"),
  ),
  GetBucketRequestPayment: built(
    ofBucket("s3:GetBucketRequestPayment"),
    fixedDocument("RequestPaymentConfiguration", element("Payer", "BucketOwner")),
  ),
  GetBucketTagging: built(ofBucket("s3:GetBucketTagging"), getBucketTagging),
  GetBucketVersioning: built(ofBucket("s3:GetBucketVersioning"), getBucketVersioning),
  GetBucketWebsite: built(ofBucket("s3:GetBucketWebsite"), getBucketWebsite),
  GetObject: built(ofObject("s3:GetObject", "s3:GetObjectVersion"), getObject, readObject),
  GetObjectAcl: built(ofObject("s3:GetObjectAcl", "s3:GetObjectVersionAcl"), getObjectAcl, oneVersion),
  GetObjectAnnotation: built(
    ofObject("s3:GetObjectAnnotation", "s3:GetObjectVersionAnnotation"),
    getObjectAnnotation,
    oneAnnotation,
  ),
  GetObjectAttributes: built(attributesAsks, getObjectAttributes, oneVersion),
  GetObjectLegalHold: built(ofObject("s3:GetObjectLegalHold"), getObjectLegalHold, oneVersion),
  GetObjectLockConfiguration: built(ofBucket("s3:GetBucketObjectLockConfiguration"), getObjectLockConfiguration),
  GetObjectRetention: built(ofObject("s3:GetObjectRetention"), getObjectRetention, oneVersion),
  GetObjectTagging: built(ofObject("s3:GetObjectTagging", "s3:GetObjectVersionTagging"), getObjectTagging, oneVersion),
  GetObjectTorrent: notBuilt(ofObject("s3:GetObjectTorrent", "s3:GetObjectVersionTorrent")),
  GetPublicAccessBlock: built(ofBucket("s3:GetBucketPublicAccessBlock"), getPublicAccessBlock),
  HeadBucket: built(ofBucket("s3:ListBucket"), headBucket),
  HeadObject: built(ofObject("s3:GetObject", "s3:GetObjectVersion"), headObject, readObject),
  ListBucketAnalyticsConfigurations: built(
    ofBucket("s3:GetAnalyticsConfiguration"),
    fixedDocument("ListBucketAnalyticsConfigurationResult", noneListed),
  ),
  ListBucketIntelligentTieringConfigurations: built(
    ofBucket("s3:GetIntelligentTieringConfiguration"),
    tieringOperations.list,
    { query: ["continuation-token"] },
  ),
  ListBucketInventoryConfigurations: built(ofBucket("s3:GetInventoryConfiguration"), inventoryOperations.list, {
    query: ["continuation-token"],
  }),
  ListBucketMetricsConfigurations: built(
    ofBucket("s3:GetMetricsConfiguration"),
    fixedDocument("ListMetricsConfigurationsResult", noneListed),
  ),
  ListBuckets: built(ofAccount("s3:ListAllMyBuckets"), listBuckets, {
    query: ["bucket-region", "continuation-token", "max-buckets", "prefix"],
  }),
  ListDirectoryBuckets: notBuilt(ofAccount("s3express:ListAllMyDirectoryBuckets")),
  ListMultipartUploads: built(ofBucket("s3:ListBucketMultipartUploads"), listMultipartUploads, {
    query: ["delimiter", "encoding-type", "key-marker", "max-uploads", "prefix", "upload-id-marker"],
  }),
  ListObjectAnnotations: built(
    ofObject("s3:ListObjectAnnotations", "s3:ListObjectVersionAnnotations"),
    listObjectAnnotations,
    { query: ["versionId", "annotation-prefix", "continuation-token", "max-annotation-results"] },
  ),
  ListObjects: built(ofBucket("s3:ListBucket"), listObjects, {
    query: ["delimiter", "encoding-type", "marker", "max-keys", "prefix"],
  }),
  ListObjectsV2: built(ofBucket("s3:ListBucket"), listObjectsV2, {
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
  ListObjectVersions: built(ofBucket("s3:ListBucketVersions"), listObjectVersions, {
    query: ["delimiter", "encoding-type", "key-marker", "max-keys", "prefix", "version-id-marker"],
  }),
  ListParts: built(ofUpload("s3:ListMultipartUploadParts"), listParts, {
    query: ["uploadId", "max-parts", "part-number-marker"],
  }),
  PostObject: built(asksOf.writeObject, postObject, { body: "form" }),
  PutBucketAbac: built(ofBucket("s3:PutBucketAbac"), putBucketAbac, { body: "xml" }),
  PutBucketAccelerateConfiguration: notBuilt(ofBucket("s3:PutAccelerateConfiguration")),
  PutBucketAcl: built(ofBucket("s3:PutBucketAcl"), putBucketAcl, { body: "xml" }),
  PutBucketAnalyticsConfiguration: notBuilt(ofBucket("s3:PutAnalyticsConfiguration")),
  PutBucketCors: built(ofBucket("s3:PutBucketCORS"), putBucketCors, { body: "xml" }),
  PutBucketEncryption: built(ofBucket("s3:PutEncryptionConfiguration"), putBucketEncryption, { body: "xml" }),
  PutBucketIntelligentTieringConfiguration: built(
    ofBucket("s3:PutIntelligentTieringConfiguration"),
    tieringOperations.put,
    { body: "xml", ...byId },
  ),
  PutBucketInventoryConfiguration: built(ofBucket("s3:PutInventoryConfiguration"), inventoryOperations.put, {
    body: "xml",
    ...byId,
  }),
  PutBucketLifecycleConfiguration: built(ofBucket("s3:PutLifecycleConfiguration"), putBucketLifecycleConfiguration, {
    body: "xml",
  }),
  PutBucketLogging: built(ofBucket("s3:PutBucketLogging"), putBucketLogging, { body: "xml" }),
  PutBucketMetricsConfiguration: notBuilt(ofBucket("s3:PutMetricsConfiguration")),
  PutBucketNotificationConfiguration: built(ofBucket("s3:PutBucketNotification"), putBucketNotificationConfiguration, {
    body: "xml",
  }),
  PutBucketOwnershipControls: built(ofBucket("s3:PutBucketOwnershipControls"), putBucketOwnershipControls, {
    body: "xml",
  }),
  PutBucketPolicy: built(ofBucket("s3:PutBucketPolicy"), putBucketPolicy, { body: "xml" }),
  PutBucketReplication: notBuilt(ofBucket("s3:PutReplicationConfiguration")),
  PutBucketRequestPayment: notBuilt(ofBucket("s3:PutBucketRequestPayment")),
  PutBucketTagging: built(ofBucket("s3:PutBucketTagging"), putBucketTagging, { body: "xml" }),
  PutBucketVersioning: built(ofBucket("s3:PutBucketVersioning"), putBucketVersioning, { body: "xml" }),
  PutBucketWebsite: built(ofBucket("s3:PutBucketWebsite"), putBucketWebsite, { body: "xml" }),
  PutObject: built(asksOf.writeObject, putObject, { body: "stream" }),
  PutObjectAcl: built(ofObject("s3:PutObjectAcl", "s3:PutObjectVersionAcl"), putObjectAcl, {
    body: "xml",
    ...oneVersion,
  }),
  PutObjectAnnotation: built(
    asksOf.changeAnnotation("s3:PutObjectAnnotation", "s3:PutObjectVersionAnnotation"),
    putObjectAnnotation,
    { body: "stream", ...oneAnnotation },
  ),
  PutObjectLegalHold: built(ofObject("s3:PutObjectLegalHold"), putObjectLegalHold, { body: "xml", ...oneVersion }),
  PutObjectLockConfiguration: built(ofBucket("s3:PutBucketObjectLockConfiguration"), putObjectLockConfiguration, {
    body: "xml",
  }),
  PutObjectRetention: built(all(ofObject("s3:PutObjectRetention"), bypassAsks), putObjectRetention, {
    body: "xml",
    ...oneVersion,
  }),
  PutObjectTagging: built(ofObject("s3:PutObjectTagging", "s3:PutObjectVersionTagging"), putObjectTagging, {
    body: "xml",
    ...oneVersion,
  }),
  PutPublicAccessBlock: built(ofBucket("s3:PutBucketPublicAccessBlock"), putPublicAccessBlock, { body: "xml" }),
  RenameObject: built(asksOf.renameObject, renameObject),
  RestoreObject: built(ofObject("s3:RestoreObject"), restoreObject, { body: "xml", ...oneVersion }),
  SelectObjectContent: built(ofObject("s3:GetObject"), selectObjectContent, {
    body: "xml",
    refused: refusedHeaders.selectObject,
    query: ["select-type"],
  }),
  UpdateBucketMetadataAnnotationTableConfiguration: notBuilt(
    ofBucket("s3:UpdateBucketMetadataAnnotationTableConfiguration"),
  ),
  UpdateBucketMetadataInventoryTableConfiguration: notBuilt(
    ofBucket("s3:UpdateBucketMetadataInventoryTableConfiguration"),
  ),
  UpdateBucketMetadataJournalTableConfiguration: notBuilt(ofBucket("s3:UpdateBucketMetadataJournalTableConfiguration")),
  UpdateObjectEncryption: built(
    all(ofObject("s3:UpdateObjectEncryption"), ofKey("s3:PutObject")),
    updateObjectEncryption,
    { body: "xml", ...oneVersion },
  ),
  UploadPart: built(ofKey("s3:PutObject"), uploadPart, {
    body: "stream",
    query: onePart,
  }),
  UploadPartCopy: built(asksOf.copyPart, uploadPartCopy, { query: onePart }),
  WriteGetObjectResponse: notBuilt(ofAccount("s3-object-lambda:WriteGetObjectResponse")),
};

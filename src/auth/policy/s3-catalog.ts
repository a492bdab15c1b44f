/**
 * What a bucket policy may be about: S3's actions, by what they are done to, and S3's condition keys, by the actions that have them.
 *
 * From "Actions, resources, and condition keys for Amazon S3" in AWS's Service Authorization Reference; a test compares the two.
 */
export type S3ResourceKind = "bucket" | "object" | "other";

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

/** On a bucket. */
const bucketActions = words(`
  AllowVendedLogDeliveryForResource CreateBucket CreateBucketMetadataTableConfiguration DeleteBucket
  DeleteBucketMetadataTableConfiguration DeleteBucketPolicy DeleteBucketWebsite GetAccelerateConfiguration
  GetAnalyticsConfiguration GetBucketAbac GetBucketAcl GetBucketCORS GetBucketLocation GetBucketLogging
  GetBucketMetadataTableConfiguration GetBucketNotification GetBucketObjectLockConfiguration
  GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus GetBucketPublicAccessBlock
  GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration
  GetIntelligentTieringConfiguration GetInventoryConfiguration GetLifecycleConfiguration
  GetMetricsConfiguration GetReplicationConfiguration ListBucket ListBucketMultipartUploads ListBucketVersions
  ListTagsForResource PauseReplication PutAccelerateConfiguration PutAnalyticsConfiguration PutBucketAbac
  PutBucketAcl PutBucketCORS PutBucketLogging PutBucketNotification PutBucketObjectLockConfiguration
  PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock PutBucketRequestPayment
  PutBucketTagging PutBucketVersioning PutBucketWebsite PutEncryptionConfiguration
  PutIntelligentTieringConfiguration PutInventoryConfiguration PutLifecycleConfiguration
  PutMetricsConfiguration PutReplicationConfiguration TagResource UntagResource
  UpdateBucketMetadataAnnotationTableConfiguration UpdateBucketMetadataInventoryTableConfiguration
  UpdateBucketMetadataJournalTableConfiguration
`);

/** On an object. */
const objectActions = words(`
  AbortMultipartUpload BypassGovernanceRetention DeleteObject DeleteObjectAnnotation DeleteObjectTagging
  DeleteObjectVersion DeleteObjectVersionAnnotation DeleteObjectVersionTagging GetObject GetObjectAcl
  GetObjectAnnotation GetObjectAttributes GetObjectLegalHold GetObjectRetention GetObjectTagging
  GetObjectTorrent GetObjectVersion GetObjectVersionAcl GetObjectVersionAnnotation
  GetObjectVersionAnnotationForReplication GetObjectVersionAttributes GetObjectVersionForReplication
  GetObjectVersionTagging GetObjectVersionTorrent InitiateReplication ListMultipartUploadParts
  ListObjectAnnotations ListObjectVersionAnnotations ObjectOwnerOverrideToBucketOwner PutObject PutObjectAcl
  PutObjectAnnotation PutObjectLegalHold PutObjectRetention PutObjectTagging PutObjectVersionAcl
  PutObjectVersionAnnotation PutObjectVersionTagging ReplicateDelete ReplicateObject ReplicateObjectAnnotation
  ReplicateTags RestoreObject UpdateObjectEncryption
`);

/** On access points, jobs, the account: none that a bucket policy reaches. */
const otherActions = words(`
  AssociateAccessGrantsIdentityCenter CreateAccessGrant CreateAccessGrantsInstance CreateAccessGrantsLocation
  CreateAccessPoint CreateAccessPointForObjectLambda CreateJob CreateMultiRegionAccessPoint
  CreateStorageLensGroup DeleteAccessGrant DeleteAccessGrantsInstance DeleteAccessGrantsInstanceResourcePolicy
  DeleteAccessGrantsLocation DeleteAccessPoint DeleteAccessPointForObjectLambda DeleteAccessPointPolicy
  DeleteAccessPointPolicyForObjectLambda DeleteJobTagging DeleteMultiRegionAccessPoint
  DeleteStorageLensConfiguration DeleteStorageLensConfigurationTagging DeleteStorageLensGroup DescribeJob
  DescribeMultiRegionAccessPointOperation DissociateAccessGrantsIdentityCenter GetAccessGrant
  GetAccessGrantsInstance GetAccessGrantsInstanceForPrefix GetAccessGrantsInstanceResourcePolicy
  GetAccessGrantsLocation GetAccessPoint GetAccessPointConfigurationForObjectLambda
  GetAccessPointForObjectLambda GetAccessPointPolicy GetAccessPointPolicyForObjectLambda
  GetAccessPointPolicyStatus GetAccessPointPolicyStatusForObjectLambda GetAccountPublicAccessBlock
  GetDataAccess GetJobTagging GetMultiRegionAccessPoint GetMultiRegionAccessPointPolicy
  GetMultiRegionAccessPointPolicyStatus GetMultiRegionAccessPointRoutes GetStorageLensConfiguration
  GetStorageLensConfigurationTagging GetStorageLensDashboard GetStorageLensGroup ListAccessGrants
  ListAccessGrantsInstances ListAccessGrantsLocations ListAccessPoints ListAccessPointsForObjectLambda
  ListAllMyBuckets ListCallerAccessGrants ListJobs ListMultiRegionAccessPoints ListStorageLensConfigurations
  ListStorageLensGroups PutAccessGrantsInstanceResourcePolicy PutAccessPointConfigurationForObjectLambda
  PutAccessPointPolicy PutAccessPointPolicyForObjectLambda PutAccessPointPublicAccessBlock
  PutAccountPublicAccessBlock PutJobTagging PutMultiRegionAccessPointPolicy PutStorageLensConfiguration
  PutStorageLensConfigurationTagging SubmitMultiRegionAccessPointRoutes UpdateAccessGrantsLocation
  UpdateJobPriority UpdateJobStatus UpdateStorageLensGroup
`);

/** Every action of S3, in lower case with its `s3:`, and what it is done to. */
export const s3Actions: ReadonlyMap<string, S3ResourceKind> = new Map([
  ...bucketActions.map((name) => [`s3:${name.toLowerCase()}`, "bucket"] as const),
  ...objectActions.map((name) => [`s3:${name.toLowerCase()}`, "object"] as const),
  ...otherActions.map((name) => [`s3:${name.toLowerCase()}`, "other"] as const),
]);

/** Keys that every action has. A key that ends in a slash stands for one key a tag. */
const keysOfEveryAction = words(`
  s3:AccessGrantsInstanceArn s3:AccessPointNetworkOrigin s3:AccessPointTag/ s3:BucketTag/
  s3:DataAccessPointAccount s3:DataAccessPointArn s3:ResourceAccount s3:TlsVersion s3:authType s3:signatureAge
  s3:signatureversion s3:x-amz-content-sha256
`);

/** Keys, and the actions that alone have them. */
const keysOfSomeActions: readonly (readonly [keys: string, actions: string])[] = [
  [
    `s3:ExistingObjectTag/`,
    `DeleteObjectAnnotation DeleteObjectTagging DeleteObjectVersionAnnotation DeleteObjectVersionTagging
      GetObject GetObjectAcl GetObjectAnnotation GetObjectAttributes GetObjectTagging GetObjectVersion
      GetObjectVersionAcl GetObjectVersionAnnotation GetObjectVersionAttributes GetObjectVersionTagging
      ListObjectAnnotations ListObjectVersionAnnotations PutObjectAcl PutObjectAnnotation PutObjectTagging
      PutObjectVersionAcl PutObjectVersionAnnotation PutObjectVersionTagging UpdateObjectEncryption`,
  ],
  [`s3:InventoryAccessibleOptionalFields`, `PutInventoryConfiguration`],
  [`s3:ObjectCreationOperation s3:if-none-match s3:x-amz-object-annotation-directive`, `PutObject`],
  [
    `s3:RequestObjectTag/ s3:RequestObjectTagKeys`,
    `BypassGovernanceRetention PutObject PutObjectTagging PutObjectVersionTagging`,
  ],
  [`s3:annotation-prefix s3:max-annotation-results`, `ListObjectAnnotations ListObjectVersionAnnotations`],
  [`s3:delimiter s3:max-keys s3:prefix`, `ListBucket ListBucketVersions`],
  [`s3:deliverySourceArn s3:logType s3:resourceArnBeingAuthorized`, `AllowVendedLogDeliveryForResource`],
  [`s3:destinationRegion`, `PauseReplication`],
  [`s3:if-match`, `DeleteObject PutObject`],
  [`s3:isReplicationPauseRequest`, `PutReplicationConfiguration`],
  [`s3:locationconstraint s3:x-amz-bucket-namespace s3:x-amz-object-ownership`, `CreateBucket`],
  [`s3:object-lock-event-hold s3:object-lock-event-hold-duration-days`, `PutObject PutObjectRetention ReplicateObject`],
  [`s3:object-lock-legal-hold`, `PutObject PutObjectLegalHold`],
  [
    `s3:object-lock-mode s3:object-lock-remaining-retention-days s3:object-lock-retain-until-date`,
    `PutObject PutObjectRetention`,
  ],
  [
    `s3:versionid`,
    `DeleteObjectVersion DeleteObjectVersionAnnotation DeleteObjectVersionTagging GetObjectVersion
      GetObjectVersionAcl GetObjectVersionAnnotation GetObjectVersionAttributes GetObjectVersionTagging
      GetObjectVersionTorrent ListObjectVersionAnnotations PutObjectVersionAcl PutObjectVersionAnnotation
      PutObjectVersionTagging`,
  ],
  [
    `s3:x-amz-acl s3:x-amz-grant-full-control s3:x-amz-grant-read s3:x-amz-grant-read-acp s3:x-amz-grant-write
      s3:x-amz-grant-write-acp`,
    `BypassGovernanceRetention CreateBucket PutBucketAcl PutObject PutObjectAcl PutObjectVersionAcl`,
  ],
  [
    `s3:x-amz-copy-source s3:x-amz-metadata-directive s3:x-amz-website-redirect-location`,
    `BypassGovernanceRetention PutObject`,
  ],
  [
    `s3:x-amz-object-if-match`,
    `DeleteObjectAnnotation DeleteObjectVersionAnnotation PutObjectAnnotation PutObjectVersionAnnotation`,
  ],
  [
    `s3:x-amz-server-side-encryption s3:x-amz-server-side-encryption-aws-kms-key-id`,
    `BypassGovernanceRetention PutObject ReplicateObject UpdateObjectEncryption`,
  ],
  [`s3:x-amz-server-side-encryption-customer-algorithm`, `BypassGovernanceRetention PutObject ReplicateObject`],
  [`s3:x-amz-storage-class`, `BypassGovernanceRetention PutObject PutObjectAcl PutObjectVersionAcl`],
];

/** S3's condition keys, in lower case, and the actions that have them, as in `s3Actions`; null: every action. */
export const s3ConditionKeys: ReadonlyMap<string, ReadonlySet<string> | null> = new Map<
  string,
  ReadonlySet<string> | null
>([
  ...keysOfEveryAction.map((key) => [key.toLowerCase(), null] as const),
  ...keysOfSomeActions.flatMap(([keys, actions]) => {
    const names = new Set(words(actions).map((name) => `s3:${name.toLowerCase()}`));
    return words(keys).map((key) => [key.toLowerCase(), names] as const);
  }),
]);

/** The entry of `s3ConditionKeys` for a key in lower case: `s3:existingobjecttag/team` is of `s3:existingobjecttag/`. */
export function actionsOfS3Key(key: string): ReadonlySet<string> | null | undefined {
  const slash = key.indexOf("/");
  return s3ConditionKeys.get(slash < 0 ? key : key.slice(0, slash + 1));
}

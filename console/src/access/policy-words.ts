/** Words of a policy document, for completion; docs/policies.md says what each does. */
const split = (text: string) => text.trim().split(/\s+/);
const prefixed = (service: string, text: string) => split(text).map((name) => `${service}:${name}`);

/** Of buckets and objects. */
export const S3_ACTIONS: readonly string[] = prefixed(
  "s3",
  `* AbortMultipartUpload BypassGovernanceRetention CreateBucket DeleteBucket DeleteBucketPolicy DeleteObject DeleteObjectTagging
  DeleteObjectVersion DeleteObjectVersionTagging GetBucketAcl GetBucketCORS GetBucketLocation GetBucketNotification
  GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus
  GetBucketPublicAccessBlock GetBucketTagging GetBucketVersioning GetEncryptionConfiguration GetLifecycleConfiguration GetObject
  GetObjectAcl GetObjectAttributes GetObjectLegalHold GetObjectRetention GetObjectTagging GetObjectVersion GetObjectVersionAcl
  GetObjectVersionAttributes GetObjectVersionTagging ListAllMyBuckets ListBucket ListBucketMultipartUploads ListBucketVersions
  ListMultipartUploadParts PutBucketAcl PutBucketCORS PutBucketNotification PutBucketObjectLockConfiguration
  PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock PutBucketTagging PutBucketVersioning
  PutEncryptionConfiguration PutLifecycleConfiguration PutObject PutObjectAcl PutObjectLegalHold PutObjectRetention
  PutObjectTagging PutObjectVersionAcl PutObjectVersionTagging RestoreObject`,
);

/** Sherd's own pages below `/-/`. */
export const SHERD_ACTIONS: readonly string[] = prefixed(
  "sherd",
  `* CheckStore CloseAccount CreateAccount DeleteAccountQuota DeleteBucketQuota DeleteBucketSearchIndex DeleteRateLimit
  EncryptBucket GetAccountQuota GetBucketEncryptionRun GetBucketQuota GetBucketSearchIndex GetDurability GetErrors
  GetMetrics GetObjectPlacement GetUsage Heal ListAccounts ListRateLimits ListSnapshots PreviewLifecycle PutAccountQuota
  PutBucketQuota PutBucketSearchIndex PutRateLimit Query QueryStore RekeyAccount ReopenAccount ResealSecrets
  RestoreMetadata RunJobs StopEncryptingBucket VerifyStore`,
);

const OTHER_ACTIONS = [
  ...prefixed(
    "sqs",
    `* ChangeMessageVisibility CreateQueue DeleteMessage DeleteQueue GetQueueAttributes GetQueueUrl ListQueues PurgeQueue ReceiveMessage
    SendMessage SetQueueAttributes StartMessageMoveTask`,
  ),
  ...prefixed(
    "iam",
    `* AttachUserPolicy CreateAccessKey CreateGroup CreatePolicy CreateRole CreateUser DeleteAccessKey DeleteUser GetUser
    ListAccessKeys ListGroups ListPolicies ListRoles ListUsers PassRole PutUserPolicy SimulatePrincipalPolicy UpdateAccessKey`,
  ),
  ...prefixed("kms", "* CreateKey Decrypt DescribeKey Encrypt GenerateDataKey ListAliases ListKeys"),
  ...prefixed("sts", "AssumeRole AssumeRoleWithWebIdentity GetCallerIdentity TagSession"),
];

const CONDITION_KEYS = split(
  `aws:CurrentTime aws:PrincipalArn aws:PrincipalOrgID aws:PrincipalTag/ aws:RequestTag/ aws:SecureTransport aws:SourceIp aws:UserAgent
  aws:userid aws:username s3:delimiter s3:ExistingObjectTag/ s3:max-keys s3:object-lock-mode
  s3:object-lock-remaining-retention-days s3:prefix s3:RequestObjectTag/ s3:signatureAge s3:signatureversion s3:TlsVersion
  s3:VersionId s3:x-amz-acl s3:x-amz-copy-source s3:x-amz-server-side-encryption
  s3:x-amz-server-side-encryption-aws-kms-key-id s3:x-amz-storage-class`,
);

const OPERATORS = split(
  `ArnEquals ArnLike ArnNotLike Bool DateGreaterThan DateLessThan IpAddress NotIpAddress Null NumericEquals NumericGreaterThan
  NumericGreaterThanEquals NumericLessThan NumericLessThanEquals StringEquals StringEqualsIgnoreCase StringLike StringNotEquals
  StringNotLike ForAllValues:StringEquals ForAnyValue:StringEquals ForAnyValue:StringLike`,
);

const ELEMENTS = split(
  `Version 2012-10-17 Id Statement Sid Effect Allow Deny Principal NotPrincipal AWS Service Federated Action NotAction Resource
  NotResource Condition`,
);

/** All of them, and the ARNs that a place has. */
export function policyWords(arns: readonly string[] = []): string[] {
  return [...ELEMENTS, ...S3_ACTIONS, ...OTHER_ACTIONS, ...SHERD_ACTIONS, ...OPERATORS, ...CONDITION_KEYS, ...arns];
}

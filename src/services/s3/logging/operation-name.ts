/** Subjects in the operation names of AWS's access logs: the part after the method. */
const RESOURCES: Readonly<Record<string, string>> = {
  AbortMultipartUpload: "UPLOAD",
  CompleteMultipartUpload: "UPLOAD",
  CopyObject: "OBJECT",
  CreateBucket: "BUCKET",
  CreateMultipartUpload: "UPLOADS",
  DeleteBucket: "BUCKET",
  DeleteBucketPolicy: "BUCKETPOLICY",
  DeleteBucketTagging: "TAGGING",
  DeleteObject: "OBJECT",
  DeleteObjects: "MULTI_OBJECT_DELETE",
  DeleteObjectTagging: "OBJECT_TAGGING",
  GetBucketAcl: "ACL",
  GetBucketLogging: "LOGGING_STATUS",
  GetBucketPolicy: "BUCKETPOLICY",
  GetBucketPolicyStatus: "POLICY_STATUS",
  GetObject: "OBJECT",
  GetObjectAcl: "ACL",
  GetObjectTagging: "OBJECT_TAGGING",
  HeadBucket: "BUCKET",
  HeadObject: "OBJECT",
  ListMultipartUploads: "UPLOADS",
  ListObjects: "BUCKET",
  ListObjectsV2: "BUCKET",
  ListObjectVersions: "BUCKETVERSIONS",
  ListParts: "UPLOAD",
  PostObject: "OBJECT",
  PutBucketAcl: "ACL",
  PutBucketLogging: "LOGGING_STATUS",
  PutBucketPolicy: "BUCKETPOLICY",
  PutObject: "OBJECT",
  PutObjectAcl: "ACL",
  PutObjectTagging: "OBJECT_TAGGING",
  UploadPart: "PART",
  UploadPartCopy: "PART",
};

const COPIES = ["CopyObject", "UploadPartCopy"];

/**
 * The name of an operation in an access log: `REST.GET.OBJECT`, on a website `WEBSITE.GET.OBJECT`.
 * Subresources of buckets have the words of their names: `REST.PUT.PUBLIC_ACCESS_BLOCK`.
 */
export function operationName(operation: string, { method, isObject }: { method: string; isObject: boolean }): string {
  const verb = COPIES.includes(operation) ? "COPY" : method;
  if (operation === "WebsiteGet") return `WEBSITE.${method}.OBJECT`;
  const known = RESOURCES[operation];
  if (known !== undefined) return `REST.${verb}.${known}`;
  if (operation === "unknown") return `REST.${verb}.${isObject ? "OBJECT" : "BUCKET"}`;
  const words = operation.replace(/^(Get|Put|Delete|List|Create|Head)(Bucket)?/, "").replace(/(Configuration)$/, "");
  return `REST.${verb}.${words.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase()}`;
}

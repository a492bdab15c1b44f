import { S3Error } from "../errors/error.ts";
import type { OperationName } from "../operation-name.ts";
import type { Target } from "./target.ts";

export interface OperationRequest {
  readonly method: string;
  readonly target: Target;
  readonly query: URLSearchParams;
  readonly headers: Headers;
}

type Choice = OperationName | ((request: OperationRequest) => OperationName);
/** By method. S3 has no HEAD of a subresource. */
type Methods = Readonly<Partial<Record<string, Choice>>>;

/** A configuration is read, set and removed at one subresource. */
const configuration = (GET: Choice, PUT?: OperationName, DELETE?: OperationName): Methods => ({
  GET,
  ...(PUT === undefined ? {} : { PUT }),
  ...(DELETE === undefined ? {} : { DELETE }),
});
/** Named configurations: one of them with an id, all of them without. */
const oneOrAll =
  (one: OperationName, all: OperationName): Choice =>
  ({ query }) =>
    query.has("id") ? one : all;

const bucketSubresources: Readonly<Record<string, Methods>> = {
  abac: configuration("GetBucketAbac", "PutBucketAbac"),
  accelerate: configuration("GetBucketAccelerateConfiguration", "PutBucketAccelerateConfiguration"),
  acl: configuration("GetBucketAcl", "PutBucketAcl"),
  analytics: configuration(
    oneOrAll("GetBucketAnalyticsConfiguration", "ListBucketAnalyticsConfigurations"),
    "PutBucketAnalyticsConfiguration",
    "DeleteBucketAnalyticsConfiguration",
  ),
  cors: configuration("GetBucketCors", "PutBucketCors", "DeleteBucketCors"),
  delete: { POST: "DeleteObjects" },
  encryption: configuration("GetBucketEncryption", "PutBucketEncryption", "DeleteBucketEncryption"),
  "intelligent-tiering": configuration(
    oneOrAll("GetBucketIntelligentTieringConfiguration", "ListBucketIntelligentTieringConfigurations"),
    "PutBucketIntelligentTieringConfiguration",
    "DeleteBucketIntelligentTieringConfiguration",
  ),
  inventory: configuration(
    oneOrAll("GetBucketInventoryConfiguration", "ListBucketInventoryConfigurations"),
    "PutBucketInventoryConfiguration",
    "DeleteBucketInventoryConfiguration",
  ),
  lifecycle: configuration(
    "GetBucketLifecycleConfiguration",
    "PutBucketLifecycleConfiguration",
    "DeleteBucketLifecycle",
  ),
  location: { GET: "GetBucketLocation" },
  logging: configuration("GetBucketLogging", "PutBucketLogging"),
  metadataAnnotationTable: { PUT: "UpdateBucketMetadataAnnotationTableConfiguration" },
  metadataConfiguration: {
    GET: "GetBucketMetadataConfiguration",
    POST: "CreateBucketMetadataConfiguration",
    DELETE: "DeleteBucketMetadataConfiguration",
  },
  metadataInventoryTable: { PUT: "UpdateBucketMetadataInventoryTableConfiguration" },
  metadataJournalTable: { PUT: "UpdateBucketMetadataJournalTableConfiguration" },
  metadataTable: {
    GET: "GetBucketMetadataTableConfiguration",
    POST: "CreateBucketMetadataTableConfiguration",
    DELETE: "DeleteBucketMetadataTableConfiguration",
  },
  metrics: configuration(
    oneOrAll("GetBucketMetricsConfiguration", "ListBucketMetricsConfigurations"),
    "PutBucketMetricsConfiguration",
    "DeleteBucketMetricsConfiguration",
  ),
  notification: configuration("GetBucketNotificationConfiguration", "PutBucketNotificationConfiguration"),
  "object-lock": configuration("GetObjectLockConfiguration", "PutObjectLockConfiguration"),
  ownershipControls: configuration(
    "GetBucketOwnershipControls",
    "PutBucketOwnershipControls",
    "DeleteBucketOwnershipControls",
  ),
  policy: configuration("GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy"),
  policyStatus: { GET: "GetBucketPolicyStatus" },
  publicAccessBlock: configuration("GetPublicAccessBlock", "PutPublicAccessBlock", "DeletePublicAccessBlock"),
  replication: configuration("GetBucketReplication", "PutBucketReplication", "DeleteBucketReplication"),
  requestPayment: configuration("GetBucketRequestPayment", "PutBucketRequestPayment"),
  session: { GET: "CreateSession" },
  tagging: configuration("GetBucketTagging", "PutBucketTagging", "DeleteBucketTagging"),
  uploads: { GET: "ListMultipartUploads" },
  versioning: configuration("GetBucketVersioning", "PutBucketVersioning"),
  versions: { GET: "ListObjectVersions" },
  website: configuration("GetBucketWebsite", "PutBucketWebsite", "DeleteBucketWebsite"),
};

const isCopy = ({ headers }: OperationRequest) => headers.has("x-amz-copy-source");

const objectSubresources: Readonly<Record<string, Methods>> = {
  acl: configuration("GetObjectAcl", "PutObjectAcl"),
  annotation: {
    GET: ({ query }) => (query.has("annotationName") ? "GetObjectAnnotation" : "ListObjectAnnotations"),
    PUT: "PutObjectAnnotation",
    DELETE: "DeleteObjectAnnotation",
  },
  attributes: { GET: "GetObjectAttributes" },
  encryption: { PUT: "UpdateObjectEncryption" },
  "legal-hold": configuration("GetObjectLegalHold", "PutObjectLegalHold"),
  renameObject: { PUT: "RenameObject" },
  restore: { POST: "RestoreObject" },
  retention: configuration("GetObjectRetention", "PutObjectRetention"),
  select: { POST: "SelectObjectContent" },
  tagging: configuration("GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging"),
  torrent: { GET: "GetObjectTorrent" },
  uploadId: {
    GET: "ListParts",
    PUT: (request) => (isCopy(request) ? "UploadPartCopy" : "UploadPart"),
    POST: "CompleteMultipartUpload",
    DELETE: "AbortMultipartUpload",
  },
  uploads: { POST: "CreateMultipartUpload" },
};

const serviceMethods: Methods = {
  GET: ({ query }) => (query.get("x-id") === "ListDirectoryBuckets" ? "ListDirectoryBuckets" : "ListBuckets"),
};
const bucketMethods: Methods = {
  GET: ({ query }) => (query.get("list-type") === "2" ? "ListObjectsV2" : "ListObjects"),
  HEAD: "HeadBucket",
  PUT: "CreateBucket",
  DELETE: "DeleteBucket",
  POST: ({ target }) => (target.bucket === "WriteGetObjectResponse" ? "WriteGetObjectResponse" : "PostObject"),
};
const objectMethods: Methods = {
  GET: "GetObject",
  HEAD: "HeadObject",
  PUT: (request) => (isCopy(request) ? "CopyObject" : "PutObject"),
  DELETE: "DeleteObject",
};

const levels = {
  service: { plain: serviceMethods, subresources: {} as Readonly<Record<string, Methods>> },
  bucket: { plain: bucketMethods, subresources: bucketSubresources },
  object: { plain: objectMethods, subresources: objectSubresources },
};
/** Query parameters that name a subresource. */
export const everySubresource: ReadonlySet<string> = new Set([
  ...Object.keys(bucketSubresources),
  ...Object.keys(objectSubresources),
]);

/**
 * Known parameters that may have no value. Any other parameter without a value counts as an unknown
 * subresource.
 */
const mayBeEmpty = new Set(
  (
    "continuation-token delimiter encoding-type fetch-owner id key-marker list-type marker max-keys max-parts " +
    "max-uploads part-number-marker partNumber prefix start-after upload-id-marker versionId version-id-marker " +
    "bucket-region max-buckets x-id response-cache-control response-content-disposition response-content-encoding " +
    "response-content-language response-content-type response-expires annotationName annotation-prefix " +
    "max-annotation-results select-type"
  ).split(" "),
);

/**
 * The operation of a request: by method, level, subresource and x-amz-copy-source. Throws
 * MethodNotAllowed if S3 has none, and InvalidArgument for two subresources at once. Throws
 * NotImplemented for an unknown subresource: if it were ignored, the request might overwrite the
 * wrong object.
 */
export function detectOperation(request: OperationRequest): OperationName {
  const { target, query, method } = request;
  const subresource = findSubresource(query);
  const level = levels[target.level];
  const methods = subresource === undefined ? level.plain : level.subresources[subresource];
  const choice = methods !== undefined && Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (choice === undefined) throw methodNotAllowed(request, methods ?? {});
  const name = typeof choice === "string" ? choice : choice(request);
  if (subresource === undefined && method === "PUT" && query.has("partNumber")) {
    throw new S3Error("InvalidArgument", "A part number must be given with an upload id", {
      ArgumentName: "partNumber",
      ArgumentValue: query.get("partNumber") ?? "",
    });
  }
  return name;
}

function findSubresource(query: URLSearchParams): string | undefined {
  const found: string[] = [];
  for (const [name, value] of query) {
    if (everySubresource.has(name)) found.push(name);
    else if (value === "" && !mayBeEmpty.has(name) && !/^x-amz-/i.test(name)) {
      throw new S3Error("NotImplemented", `The subresource ${name} is not implemented`, { Subresource: name });
    }
  }
  // S3 Select uses `?select&select-type=2`, a part `?uploadId=…&partNumber=…`: one subresource
  // each.
  if (new Set(found).size > 1) {
    throw new S3Error("InvalidArgument", `Conflicting query string parameters: ${found.join(", ")}`, {
      ArgumentName: "ResourceType",
      ArgumentValue: found[0] ?? "",
    });
  }
  return found[0];
}

function methodNotAllowed({ method, target }: OperationRequest, methods: Methods): S3Error {
  const allowed = Object.keys(methods).join(", ");
  return new S3Error(
    "MethodNotAllowed",
    undefined,
    { Method: method, ResourceType: target.level.toUpperCase() },
    allowed === "" ? {} : { headers: { Allow: allowed } },
  );
}

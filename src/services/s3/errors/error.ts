import { SELECT_FAILURES, type SelectCode } from "../../../select/failure.ts";

/**
 * S3's errors as AWS spells them: code, status and default message. An `S3Error` is thrown anywhere
 * in `src/services/s3` and rendered in one place (`render-error.ts`). Source: AWS S3 API reference,
 * "Error responses", and S3's own messages if they differ.
 */
const ERRORS = {
  ...selectErrors(),
  // Who and how: credentials, signatures, time.
  AccessDenied: [403, "Access Denied"],
  AccessControlListNotSupported: [400, "The bucket does not allow ACLs"],
  AccessForbidden: [403, "Access forbidden"],
  AccountProblem: [
    403,
    "There is a problem with your AWS account that prevents the operation from completing successfully.",
  ],
  AllAccessDisabled: [403, "All access to this resource has been disabled."],
  AuthorizationHeaderMalformed: [400, "The authorization header that you provided is not valid."],
  AuthorizationQueryParametersError: [400, "Error parsing the X-Amz-Credential parameter."],
  CredentialsNotSupported: [400, "This request does not support credentials."],
  CrossLocationLoggingProhibited: [403, "Cross-location logging not allowed."],
  InvalidTargetBucketForLogging: [
    400,
    "The target bucket for logging does not exist, is not owned by you, or does not have the appropriate grants for the log-delivery group.",
  ],
  ExpiredToken: [400, "The provided token has expired."],
  InvalidAccessKeyId: [403, "The AWS Access Key Id you provided does not exist in our records."],
  InvalidSecurity: [403, "The provided security credentials are not valid."],
  InvalidToken: [400, "The provided token is malformed or otherwise invalid."],
  MissingSecurityHeader: [400, "Your request was missing a required header"],
  NotSignedUp: [403, "Your account is not signed up for the S3 service."],
  QuotaExceeded: [403, "The write would exceed a quota."],
  RequestExpired: [400, "Request has expired."],
  RequestTimeTooSkewed: [403, "The difference between the request time and the server's time is too large."],
  SignatureDoesNotMatch: [
    403,
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
  ],
  TokenRefreshRequired: [400, "The provided token must be refreshed."],
  UnsupportedSignature: [
    400,
    "The provided request is signed with an unsupported STS Token version or the signature version is not supported.",
  ],

  // What the request addresses.
  InvalidBucketName: [400, "The specified bucket is not valid."],
  InvalidURI: [400, "Couldn't parse the specified URI."],
  KeyTooLongError: [400, "Your key is too long"],
  MethodNotAllowed: [405, "The specified method is not allowed against this resource."],
  NoSuchBucket: [404, "The specified bucket does not exist"],
  NoSuchKey: [404, "The specified key does not exist."],
  NoSuchUpload: [
    404,
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
  ],
  NoSuchVersion: [404, "The specified version does not exist."],
  NotImplemented: [501, "A header you provided implies functionality that is not implemented"],
  PermanentRedirect: [
    301,
    "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.",
  ],
  Redirect: [307, "Temporary redirect."],
  TemporaryRedirect: [
    307,
    "You are being redirected to the bucket while the Domain Name System (DNS) server is being updated.",
  ],

  // Buckets.
  BucketAlreadyExists: [
    409,
    "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.",
  ],
  BucketAlreadyOwnedByYou: [409, "Your previous request to create the named bucket succeeded and you already own it."],
  BucketNotEmpty: [409, "The bucket you tried to delete is not empty"],
  IllegalLocationConstraintException: [
    400,
    "The specified location constraint is incompatible for the region specific endpoint this request was sent to.",
  ],
  InvalidBucketAclWithObjectOwnership: [
    400,
    "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
  ],
  InvalidBucketAclWithBlockPublicAccessError: [
    400,
    "Bucket cannot have public ACLs set with BlockPublicAccess enabled",
  ],
  InvalidBucketState: [409, "The request is not valid for the current state of the bucket."],
  InvalidLocationConstraint: [400, "The specified location-constraint is not valid"],
  TooManyBuckets: [400, "You have attempted to create more buckets than allowed"],

  // Arguments, headers, XML.
  InvalidBucketOwnerAWSAccountID: [400, "The value of the expected bucket owner parameter must be an AWS Account ID."],
  UnresolvableGrantByEmailAddress: [400, "The email address you provided does not match any account on record."],
  AmbiguousGrantByEmailAddress: [400, "The email address you provided is associated with more than one account."],
  BadRequest: [400, "Bad Request"],
  IllegalVersioningConfigurationException: [400, "The versioning configuration specified in the request is invalid."],
  InvalidArgument: [400, "Invalid Argument"],
  InvalidRequest: [400, "Invalid Request"],
  InvalidRedirectLocation: [400, "The website redirect location must have a prefix of 'http://' or 'https://' or '/'."],
  InvalidStorageClass: [400, "The storage class you specified is not valid"],
  InvalidTag: [400, "The tag provided was not a valid tag."],
  MalformedACLError: [400, "The XML you provided was not well-formed or did not validate against our published schema"],
  MalformedPolicy: [400, "Policy has invalid resource."],
  MalformedPOSTRequest: [400, "The body of your POST request is not well-formed multipart/form-data."],
  MalformedXML: [400, "The XML you provided was not well-formed or did not validate against our published schema"],
  MaxMessageLengthExceeded: [400, "Your request was too big."],
  MaxPostPreDataLengthExceeded: [400, "Your POST request fields preceeding the upload file was too large."],
  MetadataTooLarge: [400, "Your metadata headers exceed the maximum allowed metadata size"],
  MissingRequestBodyError: [400, "Request Body is empty"],
  RequestHeaderSectionTooLarge: [400, "Your request header section exceeds the maximum allowed request header size."],
  RequestIsNotMultiPartContent: [400, "Bucket POST must be of the enclosure-type multipart/form-data."],
  UnexpectedContent: [400, "This request contains unsupported content."],
  UnsupportedArgument: [400, "The request contained an unsupported argument."],
  UserKeyMustBeSpecified: [
    400,
    "The bucket POST must contain the specified field name. If it is specified, check the order of the fields.",
  ],
  InvalidPolicyDocument: [
    400,
    "The content of the form does not meet the conditions specified in the policy document.",
  ],

  // Bodies: length, digests, signatures of chunks.
  BadDigest: [400, "The Content-MD5 you specified did not match what we received."],
  EntityTooLarge: [400, "Your proposed upload exceeds the maximum allowed size"],
  EntityTooSmall: [400, "Your proposed upload is smaller than the minimum allowed size"],
  IncompleteBody: [400, "The request body terminated unexpectedly"],
  InvalidDigest: [400, "The Content-MD5 you specified was invalid."],
  MissingContentLength: [411, "You must provide the Content-Length HTTP header."],
  RequestTimeout: [
    400,
    "Your socket connection to the server was not read from or written to within the timeout period.",
  ],
  XAmzContentChecksumMismatch: [400, "The provided 'x-amz-checksum' header does not match what was computed."],
  XAmzContentSHA256Mismatch: [400, "The provided 'x-amz-content-sha256' header does not match what was computed."],
  InvalidChunkSizeError: [403, "Only the last chunk is allowed to have a size less than 8192 bytes"],
  MalformedTrailerError: [
    400,
    "The request contained trailing data that was not well-formed or did not conform to our published schema.",
  ],

  // Encryption.
  "KMS.DisabledException": [400, "The request was rejected because the specified KMS key is not enabled."],
  "KMS.InvalidCiphertextException": [400, "The ciphertext or the encryption context is not valid."],
  "KMS.InvalidKeyUsageException": [400, "The KMS key cannot be used to encrypt data."],
  "KMS.KMSInvalidStateException": [400, "The state of the KMS key does not allow the request."],
  "KMS.NotFoundException": [400, "The specified KMS key does not exist."],

  // Ranges and conditions.
  ConditionalRequestConflict: [
    409,
    "The conditional request cannot succeed due to a conflicting operation against this resource.",
  ],
  InvalidPartNumber: [416, "The requested partnumber is not satisfiable"],
  InvalidRange: [416, "The requested range is not satisfiable"],
  NotModified: [304, "Not Modified"],
  PreconditionFailed: [412, "At least one of the pre-conditions you specified did not hold"],

  // Annotations.
  AnnotationLimitExceeded: [400, "The request would exceed the maximum number of annotations allowed per object."],
  AnnotationNameTooLong: [400, "The annotation name exceeds 512 bytes."],
  InvalidAnnotationName: [400, "The annotation name you provided is invalid."],
  InvalidPrefix: [400, "The annotation prefix you provided is invalid."],
  NoSuchAnnotation: [404, "The specified annotation does not exist on this object."],
  UnsupportedMediaType: [415, "The annotation payload is not valid UTF-8 encoded text."],

  // Multipart uploads.
  InvalidPart: [
    400,
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
  ],
  InvalidPartOrder: [400, "The list of parts was not in ascending order. Parts must be ordered by part number."],

  // Objects and features.
  IdempotencyParameterMismatch: [
    400,
    "Parameters on this idempotent request are inconsistent with parameters used in previous request(s).",
  ],
  InvalidEncryptionAlgorithmError: [400, "The Encryption request you specified is not valid. Supported value: AES256."],
  InvalidObjectState: [403, "The operation is not valid for the object's storage class"],
  InvalidWriteOffset: [400, "The write offset value that you specified does not match the current object size."],
  ObjectLockConfigurationNotFoundError: [404, "Object Lock configuration does not exist for this bucket"],
  NoSuchObjectLockConfiguration: [404, "The specified object does not have a ObjectLock configuration"],
  OperationAborted: [
    409,
    "A conflicting conditional operation is currently in progress against this resource. Please try again.",
  ],
  RestoreAlreadyInProgress: [409, "Object restore is already in progress."],
  TooManyParts: [
    400,
    "You have attempted to add more parts than the maximum of 10000 that are allowed for this object.",
  ],

  // Configurations that are not set.
  NoSuchBucketPolicy: [404, "The bucket policy does not exist"],
  TooManyConfigurations: [
    400,
    "You are attempting to create a new configuration but have already reached the 1,000-configuration limit.",
  ],
  NoSuchConfiguration: [404, "The specified configuration does not exist."],
  NoSuchCORSConfiguration: [404, "The CORS configuration does not exist"],
  NoSuchLifecycleConfiguration: [404, "The lifecycle configuration does not exist"],
  NoSuchPublicAccessBlockConfiguration: [404, "The public access block configuration was not found"],
  NoSuchResource: [404, "The specified resource doesn't exist."],
  NoSuchTagSet: [404, "The TagSet does not exist"],
  NoSuchWebsiteConfiguration: [404, "The specified bucket does not have a website configuration"],
  OwnershipControlsNotFoundError: [404, "The bucket ownership controls were not found"],
  ReplicationConfigurationNotFoundError: [404, "The replication configuration was not found"],
  ServerSideEncryptionConfigurationNotFoundError: [404, "The server side encryption configuration was not found"],

  // SelectObjectContent, beside those of the domain.
  UnsupportedRangeHeader: [400, "A range header is not supported for this operation."],

  // The server's own state. From S3 on Outposts, the only kind of S3 that can run out of space.
  // SDKs do not retry a 507.
  InsufficientCapacity: [507, "There is not enough space left."],
  InternalError: [500, "We encountered an internal error. Please try again."],
  ServiceUnavailable: [503, "Service is unable to handle request."],
  SlowDown: [503, "Please reduce your request rate."],
} as const satisfies Record<string, readonly [status: number, message: string]>;

/** The codes of `src/select`, which has their names and messages. */
function selectErrors(): Readonly<Record<SelectCode, readonly [status: number, message: string]>> {
  const codes = Object.entries(SELECT_FAILURES) as [SelectCode, string][];
  const rows = codes.map(([code, message]) => [code, [code === "Busy" ? 503 : 400, message]]);
  return Object.fromEntries(rows) as Readonly<Record<SelectCode, readonly [number, string]>>;
}

export type S3ErrorCode = keyof typeof ERRORS;

/**
 * An answer that is an error. `details` become elements of the XML (`Resource`, `BucketName`, …);
 * `headers` are added to the response (Content-Range of a 416, ETag of a 304). `cause` is only
 * logged, never sent.
 */
export class S3Error extends Error {
  readonly code: S3ErrorCode;
  readonly details: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: S3ErrorCode,
    message?: string,
    details: Record<string, string> = {},
    options: { headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(message ?? ERRORS[code][1], options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "S3Error";
    this.code = code;
    this.details = details;
    this.headers = options.headers ?? {};
  }

  get status(): number {
    return ERRORS[this.code][0];
  }
}

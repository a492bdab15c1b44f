import type { StoreFailure } from "../../../store/failure.ts";
import { checksumTypeName } from "../body/checksums.ts";
import { S3Error } from "./error.ts";
import { translateKmsFailure } from "./translate-kms.ts";

/** AWS's answer to each expected failure of the store, for a request by `method`. */
export function translateStoreFailure(failure: StoreFailure, method: string): S3Error {
  switch (failure.kind) {
    case "no-such-bucket":
      return new S3Error("NoSuchBucket", undefined, { BucketName: failure.bucket });
    case "bucket-exists":
      return new S3Error(failure.ownedByCaller ? "BucketAlreadyOwnedByYou" : "BucketAlreadyExists", undefined, {
        BucketName: failure.bucket,
      });
    case "bucket-not-empty":
      return new S3Error(
        "BucketNotEmpty",
        failure.versioned
          ? "The bucket you tried to delete is not empty. You must delete all versions in the bucket."
          : undefined,
        { BucketName: failure.bucket },
      );
    case "too-many-buckets":
      return new S3Error("TooManyBuckets", undefined, { CurrentNumberOfBuckets: `${failure.bucketsMax}` });
    case "no-such-key":
      return new S3Error(
        "NoSuchKey",
        undefined,
        { Key: failure.key },
        { headers: markerHeaders(failure.deleteMarker) },
      );
    case "precondition-no-such-key":
      return new S3Error("NoSuchKey", undefined, { Key: failure.key });
    case "no-such-version":
      return new S3Error("NoSuchVersion", undefined, { Key: failure.key, VersionId: failure.versionId });
    case "is-delete-marker": {
      const modified = { Allow: "DELETE", "Last-Modified": new Date(failure.modifiedMs).toUTCString() };
      const headers = { ...markerHeaders(failure.versionId), ...modified };
      return new S3Error("MethodNotAllowed", undefined, { Method: method, ResourceType: "DeleteMarker" }, { headers });
    }
    case "object-locked":
      return new S3Error("AccessDenied", "Access Denied because object protected by object lock.");
    case "no-retain-until-date":
      return new S3Error("InvalidRequest", "Without an event hold that is ON, a retain until date is required.");
    case "no-such-annotation":
      return new S3Error("NoSuchAnnotation", undefined, { Key: failure.key, AnnotationName: failure.name });
    case "too-many-annotations":
      return new S3Error("AnnotationLimitExceeded", undefined, { MaxAnnotations: `${failure.annotationsMax}` });
    case "not-annotatable":
      return new S3Error("InvalidRequest", "An object that is encrypted with SSE-C can have no annotations.");
    case "no-object-lock": {
      if (failure.asked === "lock") return new S3Error("InvalidRequest", "Bucket is missing Object Lock Configuration");
      const header = "x-amz-bypass-governance-retention";
      const message = `${header} is only applicable to Object Lock enabled buckets.`;
      return new S3Error("InvalidArgument", message, { ArgumentName: header });
    }
    case "not-versioned":
      return new S3Error(
        "InvalidBucketState",
        "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
      );
    case "versioning-needed":
      return new S3Error(
        "InvalidBucketState",
        "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
      );
    case "abac-enabled":
      return new S3Error(
        "InvalidRequest",
        "Attribute-based access control is enabled for this bucket. Use TagResource and UntagResource to change its tags.",
        { BucketName: failure.bucket },
      );
    case "no-such-upload":
      return new S3Error("NoSuchUpload", undefined, { UploadId: failure.uploadId });
    case "precondition-failed":
      return new S3Error("PreconditionFailed", undefined, { Condition: failure.condition });
    case "precondition-conflict":
      return new S3Error("ConditionalRequestConflict", undefined, { Condition: failure.condition, Key: failure.key });
    case "invalid-part":
      return new S3Error("InvalidPart", undefined, {
        PartNumber: `${failure.partNumber}`,
        ...(failure.etag === undefined ? {} : { ETag: failure.etag }),
      });
    case "part-too-small":
      return new S3Error("EntityTooSmall", undefined, {
        ProposedSize: `${failure.sizeBytes}`,
        MinSizeAllowed: `${failure.minBytes}`,
        PartNumber: `${failure.partNumber}`,
        ETag: failure.etag,
      });
    case "too-slow":
      return new S3Error("RequestTimeout");
    case "conflict":
      return new S3Error("ConditionalRequestConflict", undefined, { Condition: failure.what });
    case "wrong-offset": {
      const { sizeBytes } = failure;
      return new S3Error("InvalidWriteOffset", undefined, sizeBytes === null ? {} : { ObjectSize: `${sizeBytes}` });
    }
    case "too-many-parts":
      return new S3Error("TooManyParts", undefined, { MaxParts: `${failure.partsMax}` });
    case "not-appendable":
      return new S3Error(
        "InvalidBucketState",
        "Objects cannot be appended to in a bucket where versioning is, or was, enabled.",
      );
    case "idempotency-mismatch":
      return new S3Error("IdempotencyParameterMismatch");
    case "checksum-mismatch":
      return new S3Error(
        "BadDigest",
        `The ${failure.algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
      );
    case "checksum-type-mismatch":
      return new S3Error(
        "InvalidRequest",
        `The upload was created using the ${checksumTypeName(failure.created)} checksum mode. The complete request must ` +
          "use the same checksum mode.",
      );
    case "missing-part-checksum":
      return new S3Error(
        "InvalidRequest",
        `The upload was created using a ${failure.algorithm} checksum. The complete request must include the checksum ` +
          `for each part. It was missing for part ${failure.partNumber} in the request.`,
      );
    case "size-mismatch":
      return new S3Error(
        "InvalidRequest",
        `The provided 'x-amz-mp-object-size' header value ${failure.expectedBytes} does not match what was computed: ` +
          `${failure.actualBytes}`,
      );
    case "too-many-extents":
      return new S3Error(
        "InvalidRequest",
        `The object would consist of more than ${failure.extentsMax} pieces: rewrite it instead of copying it again`,
      );
    case "incomplete-body":
      return new S3Error(
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
        {
          NumberBytesExpected: `${failure.expectedBytes}`,
          NumberBytesProvided: `${failure.receivedBytes}`,
        },
      );
    case "drives-unavailable":
      return new S3Error("SlowDown", `Too few drives answer: ${failure.available} of the ${failure.needed} needed.`);
    case "no-memory":
      return new S3Error("SlowDown");
    case "no-space":
      return new S3Error("InsufficientCapacity", noSpace[failure.where]);
    case "customer-key-missing":
      return new S3Error(
        "InvalidRequest",
        failure.of === "upload"
          ? "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate " +
              "encryption parameters."
          : "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to " +
              "retrieve the object.",
      );
    case "customer-key-unexpected":
      return new S3Error("InvalidRequest", "The encryption parameters are not applicable to this object.");
    case "customer-key-wrong":
      if (failure.of === "object") return new S3Error("AccessDenied");
      return new S3Error(
        "InvalidRequest",
        "The provided encryption parameters did not match the ones used originally.",
      );
    case "customer-keys-blocked":
      return new S3Error("AccessDenied", "The bucket does not allow objects that are encrypted with SSE-C.", {
        BucketName: failure.bucket,
      });
    case "other-encryption":
      return new S3Error(
        "InvalidRequest",
        "The server-side encryption that the request specifies is not that of the existing object.",
      );
    case "encryption-not-updatable":
      return new S3Error(
        "InvalidRequest",
        "The encryption of the object cannot be updated: it is not encrypted with SSE-S3 or SSE-KMS.",
      );
    case "kms":
      return translateKmsFailure(failure.failure);
    case "bucket-changed":
      return new S3Error(
        "ServiceUnavailable",
        "The bucket's encryption was changed during the write. Please try again.",
      );
    case "quota-exceeded":
      return new S3Error("QuotaExceeded", quotaExceeded[failure.of], { BucketName: failure.bucket });
    case "sealing-not-configured":
      return new S3Error("NotImplemented", "Encryption needs a root key, and none is configured.");
    case "sealed-shut":
      return new S3Error("InternalError");
    case "metadata-unavailable":
      return new S3Error("ServiceUnavailable", "The metadata database does not answer. Please try again.");
  }
}

const quotaExceeded = {
  bucket: "The write would exceed the quota of the bucket. Delete objects, or ask for a larger quota.",
  account:
    "The write would exceed the quota of the account that owns the bucket. Delete objects, or ask for a larger quota.",
} as const;

const noSpace = {
  metadata: "There is not enough space left for new metadata. Delete objects, or give the disk more room.",
  drives: "There is not enough space left on the drives. Delete objects, or give the disks more room.",
} as const;

/** S3's headers for a delete marker that is in the way. */
function markerHeaders(versionId: string | undefined): Record<string, string> {
  return versionId === undefined ? {} : { "x-amz-delete-marker": "true", "x-amz-version-id": versionId };
}

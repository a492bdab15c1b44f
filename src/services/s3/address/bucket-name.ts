import { S3Error } from "../errors/error.ts";

/**
 * AWS's rules for general purpose buckets (S3 User Guide, "General purpose bucket naming rules") and two names that the
 * server needs for itself. Reserved suffixes include `-an`, which AWS keeps for account-regional namespaces.
 */
const shape = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const ipAddress = /^\d{1,3}(\.\d{1,3}){3}$/;
const reservedPrefixes = ["xn--", "sthree-", "amzn-s3-demo-"];
const reservedSuffixes = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an"];
/** Paths below these belong to the platform. */
const reservedNames = new Set(["cdn-cgi"]);

/** Any name that a bucket of the past may have had: what lies outside can never have been one. */
const possible = /^[A-Za-z0-9._-]{3,255}$/;

/** Throws InvalidBucketName unless a bucket of that name may be created. */
export function checkNewBucketName(name: string): void {
  const good =
    shape.test(name) &&
    !name.includes("..") &&
    !ipAddress.test(name) &&
    !reservedNames.has(name) &&
    !reservedPrefixes.some((prefix) => name.startsWith(prefix)) &&
    !reservedSuffixes.some((suffix) => name.endsWith(suffix));
  if (!good) throw new S3Error("InvalidBucketName", undefined, { BucketName: name });
}

/**
 * Throws InvalidBucketName for a name that no bucket can have. A name that only the rules of today forbid passes: asked
 * for such a bucket, AWS answers NoSuchBucket.
 */
export function checkAddressedBucketName(name: string): void {
  if (possible.test(name) && !reservedNames.has(name)) return;
  throw new S3Error("InvalidBucketName", undefined, { BucketName: name });
}

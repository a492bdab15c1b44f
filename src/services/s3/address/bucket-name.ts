import { S3Error } from "../errors/error.ts";

/**
 * AWS's rules for general purpose buckets (S3 User Guide, "General purpose bucket naming rules") and two names that the
 * server needs for itself.
 */
const shape = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const ipAddress = /^\d{1,3}(\.\d{1,3}){3}$/;
const reservedPrefixes = ["xn--", "sthree-", "amzn-s3-demo-"];
const reservedSuffixes = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];
/** Endings that are reserved for names in an account-regional namespace. */
const REGIONAL_SUFFIX = "-an";
/** Paths below these belong to the platform. */
const reservedNames = new Set(["cdn-cgi"]);

/** Any name that a bucket of the past may have. No bucket ever had any other name. */
const possible = /^[A-Za-z0-9._-]{3,255}$/;

/** Where the name of a new bucket must be unique. */
export type BucketNamespace = { readonly kind: "global" } | AccountRegional;

interface AccountRegional {
  readonly kind: "account-regional";
  /** 12 digits. */
  readonly accountId: string;
  readonly region: string;
}

/**
 * Throws InvalidBucketName unless a bucket of that name may be created in the namespace. In an
 * account-regional one (S3 User Guide, "Namespaces for general purpose buckets") names are
 * `<prefix>-<account id>-<region>-an`, so that no other account can have them.
 */
export function checkNewBucketName(name: string, namespace: BucketNamespace = { kind: "global" }): void {
  if (!isInNamespace(name, namespace)) throw new S3Error("InvalidBucketName", undefined, { BucketName: name });
  const good =
    shape.test(name) &&
    !name.includes("..") &&
    !ipAddress.test(name) &&
    !reservedNames.has(name) &&
    !reservedPrefixes.some((prefix) => name.startsWith(prefix)) &&
    !reservedSuffixes.some((suffix) => name.endsWith(suffix));
  if (!good) throw new S3Error("InvalidBucketName", undefined, { BucketName: name });
}

function isInNamespace(name: string, namespace: BucketNamespace): boolean {
  if (namespace.kind === "global") return !name.endsWith(REGIONAL_SUFFIX);
  const suffix = `-${namespace.accountId}-${namespace.region}${REGIONAL_SUFFIX}`;
  return name.endsWith(suffix) && name.length > suffix.length;
}

/**
 * Throws InvalidBucketName for a name that no bucket can have. A name that only today's rules
 * forbid passes: for such a bucket AWS answers NoSuchBucket.
 */
export function checkAddressedBucketName(name: string): void {
  if (possible.test(name) && !reservedNames.has(name)) return;
  throw new S3Error("InvalidBucketName", undefined, { BucketName: name });
}

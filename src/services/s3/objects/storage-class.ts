import { isStorageClass } from "../../../store/settings.ts";
import { S3Error } from "../errors/error.ts";

export const STORAGE_CLASS_DEFAULT = "STANDARD";

/**
 * The storage class in x-amz-storage-class, or STANDARD. Throws InvalidStorageClass for a name that
 * S3 does not have in general purpose buckets.
 */
export function parseStorageClass(headers: Headers): string {
  const storageClass = headers.get("x-amz-storage-class") ?? STORAGE_CLASS_DEFAULT;
  if (isStorageClass(storageClass)) return storageClass;
  throw new S3Error("InvalidStorageClass", undefined, { StorageClassRequested: storageClass });
}

import type { StoreContext } from "../../../store/context.ts";
import { S3Error } from "../errors/error.ts";

export const STORAGE_CLASS_DEFAULT = "STANDARD";

/**
 * The storage class that the request names in x-amz-storage-class, or STANDARD. A class without a geometry in the
 * configuration throws InvalidStorageClass, as an unknown one does: its durability is nothing that we could keep.
 */
export function parseStorageClass(headers: Headers, store: StoreContext): string {
  const storageClass = headers.get("x-amz-storage-class") ?? STORAGE_CLASS_DEFAULT;
  if (!Object.hasOwn(store.settings.storageClasses, storageClass)) {
    throw new S3Error("InvalidStorageClass", undefined, { StorageClassRequested: storageClass });
  }
  return storageClass;
}

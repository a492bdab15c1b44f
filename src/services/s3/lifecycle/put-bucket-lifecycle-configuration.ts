import { LIFECYCLE_BYTES_MAX, LIFECYCLE_DOCUMENT, readLifecycle } from "../../../lifecycle/document.ts";
import { LifecycleRefused } from "../../../lifecycle/refused.ts";
import { setLifecycle } from "../../../store/buckets/lifecycle.ts";
import type { StoreContext } from "../../../store/context.ts";
import { newId } from "../../../store/placement/ids.ts";
import { readDocument } from "../body/document.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";

export const MINIMUM_SIZE_HEADER = "x-amz-transition-default-minimum-object-size";

/**
 * PutBucketLifecycleConfiguration: the rules replace the old ones, from the next request and the
 * walk's next batch on. Throws MalformedXML, InvalidArgument and InvalidRequest as S3 does.
 */
export const putBucketLifecycleConfiguration: Handler = async (call) => {
  const { store, bucket, headers } = call;
  const root = await readDocument(call, LIFECYCLE_DOCUMENT, undefined, { maxBytes: LIFECYCLE_BYTES_MAX });
  const configuration = refusing(() =>
    readLifecycle(root, {
      dayMs: store.settings.lifecycleDaySeconds * 1000,
      newId: () => newId(store),
      isConfigured: (storageClass) => isConfigured(store, storageClass),
      minimumSize: headers.get(MINIMUM_SIZE_HEADER),
    }),
  );
  await setLifecycle(store, bucket, configuration);
  return { status: 200, headers: { [MINIMUM_SIZE_HEADER]: configuration.minimumSize } };
};

function isConfigured({ settings }: StoreContext, storageClass: string): boolean {
  return Object.hasOwn(settings.storageClasses, storageClass);
}

/** A refusal of a document as an error of S3. */
function refusing<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof LifecycleRefused)) throw error;
    const { argument } = error;
    const details = argument ? { ArgumentName: argument.name, ArgumentValue: argument.value } : undefined;
    throw new S3Error(error.code, error.message, details);
  }
}

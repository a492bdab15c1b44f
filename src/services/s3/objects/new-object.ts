import type { StoreContext } from "../../../store/context.ts";
import type { Attributes, ObjectLock, Tags } from "../../../store/types.ts";
import { parseLockHeaders } from "../lock/headers.ts";
import { parseTaggingHeader } from "../tagging/tags.ts";
import { parseAttributes } from "./attributes.ts";
import { parseStorageClass } from "./storage-class.ts";

/** Everything in a writing request about the new object, except its bytes. */
export interface NewObject {
  attributes: Attributes;
  storageClass: string;
  tags?: Tags;
  lock?: ObjectLock;
}

/** Reads the headers of PutObject and CreateMultipartUpload. Throws the errors of each. */
export function parseNewObject(headers: Headers, store: StoreContext): NewObject {
  const tags = parseTaggingHeader(headers);
  const lock = parseLockHeaders(headers, store.clock.now());
  return {
    attributes: parseAttributes(headers),
    storageClass: parseStorageClass(headers),
    ...(tags && { tags }),
    ...(lock && { lock }),
  };
}

import type { StoreContext } from "../../../store/context.ts";
import type { Attributes, ObjectLock, Tags } from "../../../store/types.ts";
import { parseLockHeaders } from "../lock/headers.ts";
import { parseTaggingHeader } from "../tagging/tags.ts";
import { parseAttributes } from "./attributes.ts";
import { parseStorageClass } from "./storage-class.ts";

/** All that a request says of an object that it writes, besides its bytes. */
export interface NewObject {
  attributes: Attributes;
  storageClass: string;
  tags?: Tags;
  lock?: ObjectLock;
}

/** Reads the headers of PutObject and CreateMultipartUpload. Throws what each of them is refused with. */
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

import { setBucketAccess } from "../../../store/buckets/bucket-configuration.ts";
import { readDocument } from "../body/document.ts";
import type { Handler } from "../handler.ts";
import { parsePublicAccessBlock } from "./public-access-block.ts";

/** PutPublicAccessBlock of a bucket. */
export const putPublicAccessBlock: Handler = async (call) => {
  const value = parsePublicAccessBlock(await readDocument(call, "PublicAccessBlockConfiguration"));
  await setBucketAccess(call.store, call.bucket, { part: "block", value });
  return { status: 200 };
};

import { setBucketConfiguration } from "../../../store/buckets/bucket-configuration.ts";
import { readDocument } from "../body/document.ts";
import type { Handler } from "../handler.ts";
import { parsePublicAccessBlock } from "./public-access-block.ts";

/** PutPublicAccessBlock. */
export const putPublicAccessBlock: Handler = async (call) => {
  const value = parsePublicAccessBlock(await readDocument(call, "PublicAccessBlockConfiguration"));
  await setBucketConfiguration(call.store, call.bucket, { kind: "publicAccessBlock", value });
  return { status: 200 };
};

import { setBucketConfiguration } from "../../store/bucket-configuration.ts";
import { parsePublicAccessBlock } from "../acl/public-access-block.ts";
import type { Handler } from "../handler.ts";
import { readDocument } from "../objects/document.ts";

/** PutPublicAccessBlock. */
export const putPublicAccessBlock: Handler = async (call) => {
  const value = parsePublicAccessBlock(await readDocument(call, "PublicAccessBlockConfiguration"));
  await setBucketConfiguration(call.store, call.bucket, { kind: "publicAccessBlock", value });
  return { status: 200 };
};

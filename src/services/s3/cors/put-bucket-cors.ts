import { setBucketConfiguration } from "../../../store/buckets/bucket-configuration.ts";
import { readDocument } from "../body/document.ts";
import type { Handler } from "../handler.ts";
import { parseCorsConfiguration } from "./configuration.ts";

/** PutBucketCors: the rules replace the old ones, from the next request on. */
export const putBucketCors: Handler = async (call) => {
  const value = parseCorsConfiguration(await readDocument(call, "CORSConfiguration"));
  await setBucketConfiguration(call.store, call.bucket, { kind: "cors", value });
  return { status: 200 };
};

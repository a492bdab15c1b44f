import { setBucketConfiguration } from "../../store/bucket-configuration.ts";
import { parseCorsConfiguration } from "../cors/configuration.ts";
import type { Handler } from "../handler.ts";
import { readDocument } from "../objects/document.ts";

/** PutBucketCors: the rules replace those that were there, from the next request on. */
export const putBucketCors: Handler = async (call) => {
  const value = parseCorsConfiguration(await readDocument(call, "CORSConfiguration"));
  await setBucketConfiguration(call.store, call.bucket, { kind: "cors", value });
  return { status: 200 };
};

import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";
import { corsDocument } from "./configuration.ts";
import { storedRules } from "./stored-rules.ts";

/** GetBucketCors. */
export const getBucketCors: Handler = async ({ store, bucket }) => {
  const rules = await storedRules(store, bucket);
  if (rules === null) throw new S3Error("NoSuchCORSConfiguration", undefined, { BucketName: bucket });
  return { status: 200, body: corsDocument(rules) };
};

import { corsDocument } from "../cors/configuration.ts";
import { storedRules } from "../cors/stored-rules.ts";
import { S3Error } from "../error.ts";
import type { Handler } from "../handler.ts";

/** GetBucketCors. */
export const getBucketCors: Handler = async ({ store, bucket }) => {
  const rules = await storedRules(store, bucket);
  if (rules === null) throw new S3Error("NoSuchCORSConfiguration", undefined, { BucketName: bucket });
  return { status: 200, body: corsDocument(rules) };
};

import { childText } from "../../../protocols/rest-xml/read.ts";
import { setAbac } from "../../../store/buckets/bucket-tags.ts";
import { readDocument } from "../body/document.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";

/**
 * PutBucketAbac: switches the values of conditions on the bucket's tags on or off, from the answer
 * on.
 */
export const putBucketAbac: Handler = async (call) => {
  const status = childText(await readDocument(call, "AbacStatus", { Status: "text" }), "Status")?.trim();
  if (status !== "Enabled" && status !== "Disabled") throw new S3Error("MalformedXML");
  await setAbac(call.store, call.bucket, status === "Enabled");
  return { status: 200 };
};

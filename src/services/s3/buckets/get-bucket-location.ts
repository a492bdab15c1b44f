import type { Answer } from "../../../edge/answer.ts";
import { xmlDocument } from "../../../protocols/rest-xml/write.ts";
import { headBucket } from "../../../store/buckets/buckets.ts";
import type { Call } from "../handler.ts";

/** GET /bucket?location. S3's first region, us-east-1, is written as an empty element. */
export async function getBucketLocation(call: Call): Promise<Answer> {
  const { region } = await headBucket(call.store, call.bucket);
  return { status: 200, body: xmlDocument("LocationConstraint", region === "us-east-1" ? "" : region) };
}

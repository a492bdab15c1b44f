import type { Answer } from "../../../edge/answer.ts";
import { headBucket as headStored } from "../../../store/buckets/buckets.ts";
import { BUCKET_REGION } from "../gate/bucket-region.ts";
import type { Call } from "../handler.ts";

/** HEAD /bucket: that it exists and may be listed, and its region. */
export async function headBucket(call: Call): Promise<Answer> {
  const { region } = await headStored(call.store, call.bucket);
  return {
    status: 200,
    headers: {
      "Content-Type": "application/xml",
      [BUCKET_REGION]: region,
      "x-amz-access-point-alias": "false",
    },
  };
}

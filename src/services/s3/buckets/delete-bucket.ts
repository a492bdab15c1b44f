import type { Answer } from "../../../edge/answer.ts";
import { deleteBucket as deleteStored } from "../../../store/buckets/buckets.ts";
import type { Call } from "../handler.ts";

/** DELETE /bucket; the bucket must be empty. */
export async function deleteBucket(call: Call): Promise<Answer> {
  await deleteStored(call.store, call.bucket);
  return { status: 204 };
}

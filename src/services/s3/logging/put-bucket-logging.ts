import { targetProblem } from "../../../logging/target.ts";
import { headBucket } from "../../../store/buckets/buckets.ts";
import { storeOf } from "../../../store/buckets/databases.ts";
import { setLogging } from "../../../store/buckets/logging.ts";
import type { Bucket } from "../../../store/types.ts";
import { readDocument } from "../body/document.ts";
import { S3Error } from "../errors/error.ts";
import type { Call, Handler } from "../handler.ts";
import { LOGGING_SHAPE, type ParsedLogging, parseBucketLogging } from "./bucket-logging.ts";

/**
 * PutBucketLogging: where the access log of the bucket goes from then on; an empty document ends it. The target must be there, have the same
 * owner and region, and let the logging service write below the prefix. Throws InvalidTargetBucketForLogging and
 * CrossLocationLoggingProhibited besides what `parseBucketLogging` throws.
 */
export const putBucketLogging: Handler = async (call) => {
  const logging = parseBucketLogging(await readDocument(call, "BucketLoggingStatus", LOGGING_SHAPE));
  if (logging !== null) await checkTarget(call, await headBucket(call.store, call.bucket), logging);
  await setLogging(call.store, call.bucket, logging?.configuration ?? null);
  return { status: 200 };
};

async function checkTarget(call: Call, source: Bucket, { configuration, hasGrants }: ParsedLogging): Promise<void> {
  const { targetBucket: TargetBucket, targetPrefix: prefix } = configuration;
  // Its policy decides, not what the caller may do there.
  const { metadata, clock } = await storeOf(call.store, TargetBucket);
  const target = await metadata.buckets.find(TargetBucket);
  const problem = target === null ? "other-owner" : targetProblem(source, target, { prefix, nowMs: clock.now() });
  if (problem === "other-region") {
    throw new S3Error("CrossLocationLoggingProhibited", undefined, { TargetBucket });
  }
  if (problem !== null) throw new S3Error("InvalidTargetBucketForLogging", undefined, { TargetBucket });
  if (!hasGrants) return;
  const ownership = target?.access?.ownership ?? "BucketOwnerEnforced";
  if (ownership === "BucketOwnerEnforced") {
    throw new S3Error(
      "InvalidArgument",
      "TargetGrants cannot be set: the target bucket has its access control lists disabled.",
    );
  }
  throw new S3Error("NotImplemented", "TargetGrants are not implemented by this server.");
}

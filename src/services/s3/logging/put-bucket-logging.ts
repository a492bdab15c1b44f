import { isPublicAcl } from "../../../auth/public-acls.ts";
import { targetProblem } from "../../../logging/target.ts";
import { headBucket } from "../../../store/buckets/buckets.ts";
import { storeOf } from "../../../store/buckets/databases.ts";
import { setLogging } from "../../../store/buckets/logging.ts";
import type { Bucket, Grant } from "../../../store/types.ts";
import { resolveGrants } from "../acl/grants-document.ts";
import { readDocument } from "../body/document.ts";
import { S3Error } from "../errors/error.ts";
import { settingsOf } from "../gate/settings.ts";
import type { Call, Handler } from "../handler.ts";
import { LOGGING_SHAPE, type ParsedLogging, parseBucketLogging } from "./bucket-logging.ts";

/**
 * PutBucketLogging: the target of the bucket's access log from then on; an empty document ends
 * logging. The target must exist, have the same owner and region, and let the logging service write
 * below the prefix. Grants are only for callers who may set ACLs there, and must be acceptable to
 * the target from any writer. Throws InvalidTargetBucketForLogging, CrossLocationLoggingProhibited,
 * AccessControlListNotSupported, AccessDenied for public grants if those are blocked and for
 * callers who may not set grants, and the errors of `parseBucketLogging` and `resolveGrants`.
 */
export const putBucketLogging: Handler = async (call) => {
  const logging = parseBucketLogging(await readDocument(call, "BucketLoggingStatus", LOGGING_SHAPE));
  if (logging === null) {
    await setLogging(call.store, call.bucket, null);
    return { status: 200 };
  }
  const target = await demandTarget(call, await headBucket(call.store, call.bucket), logging);
  // Only callers who may set them learn which accounts exist.
  const grants = await grantsFor(call, target, logging);
  await setLogging(call.store, call.bucket, { ...logging.configuration, ...(grants.length > 0 && { grants }) });
  return { status: 200 };
};

async function demandTarget(call: Call, source: Bucket, { configuration }: ParsedLogging): Promise<Bucket> {
  const { targetBucket: TargetBucket, targetPrefix: prefix } = configuration;
  // The target's policy decides, not the caller's permissions.
  const { metadata, clock } = await storeOf(call.store, TargetBucket);
  const target = await metadata.buckets.find(TargetBucket);
  const problem = target === null ? "other-owner" : targetProblem(source, target, { prefix, nowMs: clock.now() });
  if (problem === "other-region") {
    throw new S3Error("CrossLocationLoggingProhibited", undefined, { TargetBucket });
  }
  if (target === null || problem !== null) {
    throw new S3Error("InvalidTargetBucketForLogging", undefined, { TargetBucket });
  }
  return target;
}

async function grantsFor(call: Call, target: Bucket, parsed: ParsedLogging): Promise<readonly Grant[]> {
  const { grants: named, configuration } = parsed;
  if (named.length === 0) return [];
  // The logging service sets them without any further decision.
  const key = `${configuration.targetPrefix}*`;
  call.gate.demand({ action: "s3:PutObjectAcl", subject: "key", bucket: target.name, key }, target);
  const { hasAcls, block } = settingsOf(target);
  if (!hasAcls) {
    throw new S3Error("AccessControlListNotSupported", "Target grants not allowed for bucket owner enforced buckets");
  }
  const grants = await resolveGrants(named, call.directory);
  if (block.BlockPublicAcls && isPublicAcl(grants)) throw new S3Error("AccessDenied");
  return grants;
}

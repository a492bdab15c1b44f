import { describeForS3 } from "../../../auth/policy/describe-failure.ts";
import { policyLimits } from "../../../auth/policy/limits.ts";
import { parsePolicy } from "../../../auth/policy/parse.ts";
import type { Policy } from "../../../auth/policy/policy.ts";
import { isPublicPolicy } from "../../../auth/policy/public-access.ts";
import { changeBucketAccess } from "../../../store/buckets/bucket-configuration.ts";
import { readBody } from "../body/request-body.ts";
import { S3Error } from "../errors/error.ts";
import { settingsOf } from "../gate/settings.ts";
import type { Call, Handler } from "../handler.ts";

/**
 * PutBucketPolicy. Throws MissingRequestBodyError, MalformedPolicy, and AccessDenied for a public
 * policy if those are blocked. Nothing is stored then.
 */
export const putBucketPolicy: Handler = async (call) => {
  const bytes = await readBody(call, policyLimits.textCharacters);
  if (bytes.length === 0) throw new S3Error("MissingRequestBodyError");
  const text = new TextDecoder().decode(bytes);
  const policy = parse(call, text);
  const value = await call.directory.bindPolicy(text);
  await changeBucketAccess(call.store, call.bucket, (bucket) => {
    if (settingsOf(bucket).block.BlockPublicPolicy && isPublicPolicy(policy)) throw new S3Error("AccessDenied");
    return { part: "policy", value };
  });
  return { status: 204 };
};

function parse({ bucket }: Call, text: string): Policy {
  const parsed = parsePolicy(text, { kind: "bucket", bucket });
  if (parsed.ok) return parsed.policy;
  throw new S3Error("MalformedPolicy", describeForS3(parsed.failure).message);
}

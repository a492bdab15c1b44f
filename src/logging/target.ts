import { parsePolicy } from "../auth/policy/parse.ts";
import { serviceMay } from "../auth/policy/service-may.ts";
import { firstAccount } from "../auth/principal.ts";
import type { Bucket } from "../store/types.ts";

/** Who writes logs, in policies of target buckets and of KMS keys. */
export const LOGGING_SERVICE = "logging.s3.amazonaws.com";

type Located = Pick<Bucket, "name" | "region" | "ownerAccount">;

/**
 * Why logs of a bucket may not go to a target; null: they may. Both must have the same owner and region, and the target's policy must let the
 * service write below the prefix.
 *
 * Follows "Permissions for log delivery" in the Amazon S3 User Guide.
 */
export function targetProblem(
  source: Located,
  target: Located & Pick<Bucket, "access">,
  { prefix, nowMs }: { prefix: string; nowMs: number },
): "other-owner" | "other-region" | "not-allowed" | null {
  const accountId = accountOf(source);
  if (accountOf(target) !== accountId) return "other-owner";
  if (target.region !== source.region) return "other-region";
  const parsed = parsePolicy(target.access?.policy ?? "", { kind: "bucket", bucket: target.name });
  const isAllowed =
    parsed.ok &&
    serviceMay({
      ...{ service: LOGGING_SERVICE, action: "s3:PutObject", resource: `arn:aws:s3:::${target.name}/${prefix}`, nowMs },
      ...{ resourceAccountId: accountId, policy: parsed.policy },
      source: { arn: `arn:aws:s3:::${source.name}`, accountId },
    });
  return isAllowed ? null : "not-allowed";
}

export function accountOf({ ownerAccount }: Pick<Bucket, "ownerAccount">): string {
  return ownerAccount ?? firstAccount.accountId;
}

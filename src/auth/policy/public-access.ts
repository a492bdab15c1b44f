import type { Policy } from "./policy.ts";

/**
 * Whether a bucket policy is public: whether it has an Allow statement that is not limited to fixed principals or by a fixed value
 * of one of a few condition keys.
 *
 * Follows "The meaning of 'public'" in the S3 User Guide.
 */
export function isPublicPolicy(policy: Policy): boolean {
  throw new Error(`not built yet: ${policy.version}`);
}

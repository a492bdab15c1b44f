/**
 * Decides whether a request may go on, by AWS's policy language and evaluation order. Pure: no I/O, no clock, no randomness.
 *
 *     const parsed = parsePolicy(text, { kind: "identity" });          // parse.ts: once, then keep parsed.policy
 *     if (!parsed.ok) return translate(parsed.failure);                // describe-failure.ts has AWS's codes and messages
 *     const decision = decide({                                        // request.ts: what a decision depends on
 *       principal: { kind: "user", arn, accountId, canonicalId, name, uniqueId },
 *       action: "s3:GetObject",
 *       resource: "arn:aws:s3:::holiday/2026/photo.jpg",
 *       resourceAccountId,
 *       context: (key) => facts.get(key),                              // lower-case names; asked only for what policies name
 *       now,
 *       identityPolicies: [{ name: "inline-1", policy: parsed.policy }],
 *       resourcePolicy: bucket.policy,
 *     });
 *
 * `simulate` (simulate.ts) returns besides which statements matched and which context keys were missing. `isPublicPolicy`
 * (public-access.ts) tells whether a bucket policy is public. `findManagedPolicy` (managed-policies.ts) has AWS's own policies.
 *
 * The order is that of "Policy evaluation logic" in the IAM User Guide: an explicit deny anywhere, then resource policies,
 * then identity policies with permissions boundary and session policies.
 */
import type { AccessRequest } from "./request.ts";

/** A kind of policy. `acl` can only allow. */
export type PolicyLayer = "identity" | "boundary" | "session" | "resource";

export type Denial =
  /** A Deny statement matched. */
  | {
      readonly kind: "explicitDeny";
      readonly layer: PolicyLayer;
      readonly policy: string | null;
      readonly sid: string | null;
    }
  /** Nothing allowed the request: `layer` is the first that would have had to. */
  | { readonly kind: "implicitDeny"; readonly layer: PolicyLayer };

export type Decision =
  /** `by`: what allowed it; `root`: the caller is the root user of the resource's account. */
  | { readonly allowed: true; readonly by: "identity" | "resource" | "acl" | "both" | "root" }
  | { readonly allowed: false; readonly reason: Denial };

export function decide(request: AccessRequest): Decision {
  throw new Error(`not built yet: ${request.action}`);
}

/** The end of AWS's AccessDenied message: `because no identity-based policy allows the s3:GetObject action` and the like. */
export function describeDenial(reason: Denial, action: string): string {
  throw new Error(`not built yet: ${reason.kind} ${action}`);
}

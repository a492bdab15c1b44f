/**
 * Decides whether a request may go on, by AWS's policy language and evaluation order. Pure: no I/O, no clock, no randomness.
 *
 *     const parsed = parsePolicy(text, { kind: "identity" });          // parse.ts: once, then keep parsed.policy
 *     if (!parsed.ok) return describeForIam(parsed.failure);           // describe-failure.ts has AWS's codes and messages
 *     const decision = decide({                                        // request.ts: all that a decision depends on
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
 * The order is that of "Policy evaluation logic" and "Cross-account policy evaluation logic" in the IAM User Guide.
 *
 * What it does not know is for the caller: that the root user of a bucket's account may always read, replace and delete the bucket's
 * policy; that root users cannot assume roles; that public access is blocked.
 */
import { evaluateLayers, type LayerResults, type Match, type PolicyLayer } from "./evaluate.ts";
import type { PolicyPrincipal } from "./principal.ts";
import { namedByAccount, namedByIssuer, namedItself, namedNot, type PrincipalMatch } from "./principal-name.ts";
import type { AccessRequest, AclGrant } from "./request.ts";

export type Denial =
  /** A Deny statement matched. `policy` is null for the resource policy. */
  | {
      readonly kind: "explicitDeny";
      readonly layer: PolicyLayer;
      readonly policy: string | null;
      readonly sid: string | null;
    }
  /** Nothing allowed the request: `layer` is the first that would have had to. */
  | { readonly kind: "implicitDeny"; readonly layer: PolicyLayer };

export type Decision =
  /**
   * `by`: what allowed it. `resource` is the resource's policy or ACL, `both` the resource's and the identity's across accounts,
   * `root` that the caller is the root user of the account itself.
   */
  | { readonly allowed: true; readonly by: "identity" | "resource" | "both" | "root" }
  | { readonly allowed: false; readonly reason: Denial };

export function decide(request: AccessRequest): Decision {
  return combine(request, evaluateLayers(request));
}

/** The decision that follows from what the layers say. */
export function combine(request: AccessRequest, layers: LayerResults): Decision {
  const deny = layers.resource?.deny ?? layers.identity.deny ?? layers.boundary?.deny ?? layers.session?.deny ?? null;
  if (deny !== null) return { allowed: false, reason: explicitDeny(deny) };
  const granted = resourceGrant(request, layers);
  const { principal, resourceAccountId } = request;
  if (!("accountId" in principal)) return byResourceAlone(granted);
  const isOwn = resourceAccountId === null || resourceAccountId === principal.accountId;
  const missing = missingLayer(principal, layers);
  return isOwn ? withinAccount(request, { granted, missing, layers }) : acrossAccounts(granted, missing);
}

function explicitDeny({ layer, policy, statement }: Match): Denial {
  return { kind: "explicitDeny", layer, policy: policy?.name ?? null, sid: statement.sid };
}

function implicitDeny(layer: PolicyLayer): Decision {
  return { allowed: false, reason: { kind: "implicitDeny", layer } };
}

const aclMatches: Record<AclGrant, PrincipalMatch> = {
  none: namedNot,
  account: namedByAccount,
  everyone: namedItself,
};

/** How strongly the resource's policy or ACL allows the request. */
function resourceGrant({ aclGrant, resourcePolicyMode }: AccessRequest, { resource }: LayerResults): PrincipalMatch {
  const byPolicy = resource === null || resourcePolicyMode === "denyOnly" ? namedNot : resource.allow;
  const byAcl = aclMatches[aclGrant ?? "none"];
  return Math.max(byPolicy, byAcl) as PrincipalMatch;
}

/** Anonymous callers, services and holders of a provider's token have no policies of their own. */
function byResourceAlone(granted: PrincipalMatch): Decision {
  return granted === namedItself ? { allowed: true, by: "resource" } : implicitDeny("resource");
}

/** The first of the caller's own layers that does not allow the request, or null if all do. */
function missingLayer(principal: PolicyPrincipal, layers: LayerResults): PolicyLayer | null {
  if (principal.kind === "root") return null;
  if (layers.identity.allow === namedNot && !isRootsFederatedUser(principal)) return "identity";
  return missingLimit(principal, layers);
}

/** The same without the identity's own policies: what limits a session however it was granted something. */
function missingLimit(principal: PolicyPrincipal, { boundary, session }: LayerResults): PolicyLayer | null {
  if (boundary !== null && boundary.allow === namedNot) return "boundary";
  if (session === null) return principal.kind === "federatedUser" ? "session" : null;
  return session.allow === namedNot ? "session" : null;
}

/** A session that the root user made for a federated user has the root user's permissions, within its session policies. */
function isRootsFederatedUser(principal: PolicyPrincipal): boolean {
  return principal.kind === "federatedUser" && principal.issuerArn === `arn:aws:iam::${principal.accountId}:root`;
}

interface Findings {
  readonly granted: PrincipalMatch;
  readonly missing: PolicyLayer | null;
  readonly layers: LayerResults;
}

/**
 * In the resource's own account the identity's policies or the resource's are enough. What the resource's grants to the caller itself no
 * boundary and no session policy limits; what it grants to the role or user behind a session they do.
 */
function withinAccount(request: AccessRequest, { granted, missing, layers }: Findings): Decision {
  const { principal, resourcePolicyMode } = request;
  const isTrusted = resourcePolicyMode !== "required" || granted >= namedByAccount;
  if (isTrusted && missing === null) {
    return { allowed: true, by: principal.kind === "root" ? "root" : "identity" };
  }
  if (granted === namedItself) return { allowed: true, by: "resource" };
  if (granted === namedByIssuer) {
    const limit = missingLimit(principal, layers);
    return limit === null ? { allowed: true, by: "resource" } : implicitDeny(limit);
  }
  return implicitDeny(isTrusted ? (missing as PolicyLayer) : "resource");
}

/** In another account both sides must allow: the resource's, and all that the caller has. */
function acrossAccounts(granted: PrincipalMatch, missing: PolicyLayer | null): Decision {
  if (granted === namedNot) return implicitDeny("resource");
  return missing === null ? { allowed: true, by: "both" } : implicitDeny(missing);
}

const layerNames: Record<PolicyLayer, string> = {
  identity: "identity-based policy",
  boundary: "permissions boundary",
  session: "session policy",
  resource: "resource-based policy",
};

/**
 * The end of AWS's AccessDenied message: `because no identity-based policy allows the s3:GetObject action`, `with an explicit deny in a
 * resource-based policy`.
 *
 * Follows "Troubleshoot access denied error messages" in the IAM User Guide.
 */
export function describeDenial(reason: Denial, action: string): string {
  const name = layerNames[reason.layer];
  if (reason.kind === "implicitDeny") return `because no ${name} allows the ${action} action`;
  return `with an explicit deny in ${name.startsWith("i") ? "an" : "a"} ${name}`;
}

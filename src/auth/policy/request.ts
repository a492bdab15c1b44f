import type { ContextLookup } from "./context-lookup.ts";
import type { Policy } from "./policy.ts";
import type { PolicyPrincipal } from "./principal.ts";

export type { ContextLookup, ContextValue } from "./context-lookup.ts";

/** A policy and the name under which a denial mentions it: a managed policy's ARN or an inline policy's name. */
export interface NamedPolicy {
  readonly name: string;
  readonly policy: Policy;
}

/** What a resource's ACL grants to the caller for this action. */
export type AclGrant =
  | "none"
  /** Grants the caller's account, as a policy does that names the account. */
  | "account"
  /** Grants everyone, or every authenticated caller, as a policy does with `"Principal": "*"`. */
  | "everyone";

/** All that a decision depends on. */
export interface AccessRequest {
  readonly principal: PolicyPrincipal;
  /** `s3:GetObject` and the like. Case does not matter. */
  readonly action: string;
  /** The ARN of what the action concerns, or `*` if it concerns no one resource. */
  readonly resource: string;
  /** Account that owns the resource. Null: the caller's own (`s3:ListAllMyBuckets`, `iam:ListUsers`). */
  readonly resourceAccountId: string | null;
  readonly context: ContextLookup;
  /** Asked before anything else, also before the engine's own keys: the context entries of the simulator. Never set for a real request. */
  readonly overrides?: ContextLookup | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Inline and managed policies of the user and its groups, or of the role. For a federated user: of the user that issued it. */
  readonly identityPolicies: readonly NamedPolicy[];
  readonly permissionsBoundary?: NamedPolicy | undefined;
  /**
   * Policies that were passed when the session was made. Undefined: none were. A role's session then has all that the role has,
   * a federated user's has nothing but what resource policies grant it.
   */
  readonly sessionPolicies?: readonly NamedPolicy[] | undefined;
  /** The bucket policy, queue policy or trust policy. */
  readonly resourcePolicy?: Policy | undefined;
  /**
   * What the resource policy can do. `full`, the usual: it grants and denies. `required`: besides, an identity policy of the
   * same account is not enough, as for role trust and keys. `denyOnly`: it cannot grant, as a bucket policy for an object of another account.
   */
  readonly resourcePolicyMode?: "full" | "required" | "denyOnly" | undefined;
  /** "none" if left out. */
  readonly aclGrant?: AclGrant | undefined;
}

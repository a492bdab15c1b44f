/**
 * Who makes a request, as far as policies ask. Every member of an account carries the account's ids, because policies may
 * name the account instead of the member.
 *
 * Ids and ARNs follow "IAM identifiers" and "How unique identifiers are made" in the IAM User Guide.
 */
export type PolicyPrincipal =
  | RootPrincipal
  | UserPrincipal
  | RoleSessionPrincipal
  | FederatedUserPrincipal
  | WebIdentityPrincipal
  | ServicePrincipal
  | AnonymousPrincipal;

interface AccountMember {
  /** As `GetCallerIdentity` prints it. For sessions that is the session's ARN. */
  readonly arn: string;
  /** 12 digits. */
  readonly accountId: string;
  /** The account's canonical user id, 64 hex digits. */
  readonly canonicalId: string;
  /** `${aws:PrincipalTag/…}`; for sessions the role's or user's tags with the session's over them. Keys as they were set. */
  readonly tags?: ReadonlyMap<string, string>;
}

/** The root user of an account, by its long-lived key or by GetSessionToken. */
export interface RootPrincipal extends AccountMember {
  readonly kind: "root";
}

/** An IAM user, by its long-lived key or by GetSessionToken. */
export interface UserPrincipal extends AccountMember {
  readonly kind: "user";
  /** Without the path. */
  readonly name: string;
  /** `AIDA…` */
  readonly uniqueId: string;
}

/** A session of a role. */
export interface RoleSessionPrincipal extends AccountMember {
  readonly kind: "roleSession";
  /** With the role's path. */
  readonly roleArn: string;
  /** `AROA…` */
  readonly roleUniqueId: string;
  readonly sessionName: string;
  /** For AssumeRoleWithWebIdentity: the provider, as `aws:FederatedProvider` has it. */
  readonly federatedProvider?: string;
}

/** A session that GetFederationToken made for a user or for the root user. */
export interface FederatedUserPrincipal extends AccountMember {
  readonly kind: "federatedUser";
  /** The name that GetFederationToken was given. */
  readonly name: string;
  /** The ARN of the user whose key called GetFederationToken: a user's or the root's. */
  readonly issuerArn: string;
  /** `AIDA…` of that user; absent: it was the root's key. */
  readonly issuerUniqueId?: string;
}

/** The caller of AssumeRoleWithWebIdentity, proven by its token and by nothing else. */
export interface WebIdentityPrincipal {
  readonly kind: "webIdentity";
  /** The ARN of the OpenID Connect provider. */
  readonly providerArn: string;
}

/** A part of Sherd that acts for itself: log delivery, events. */
export interface ServicePrincipal {
  readonly kind: "service";
  /** `logging.s3.amazonaws.com` and the like. */
  readonly service: string;
}

export interface AnonymousPrincipal {
  readonly kind: "anonymous";
}

/** The account of a principal, or null if it belongs to none. */
export function principalAccountId(principal: PolicyPrincipal): string | null {
  return "accountId" in principal ? principal.accountId : null;
}

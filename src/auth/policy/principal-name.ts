import { parseArn } from "../../base/arn.ts";
import type { PolicyPrincipal } from "./principal.ts";

/** One name in a Principal or NotPrincipal element. */
export type PrincipalName =
  /** `"*"` or `{"AWS": "*"}`. */
  | { readonly kind: "anyone" }
  /** 12 digits, or `arn:aws:iam::…:root`. */
  | { readonly kind: "account"; readonly accountId: string }
  /** A user's, role's, role session's or federated user's. */
  | { readonly kind: "arn"; readonly arn: string }
  /** `AIDA…` or `AROA…`, which is what AWS shows of a principal that was deleted. */
  | { readonly kind: "uniqueId"; readonly uniqueId: string }
  | { readonly kind: "canonicalUser"; readonly canonicalId: string }
  | { readonly kind: "service"; readonly service: string }
  | { readonly kind: "federated"; readonly provider: string };

/** The members of a Principal element. */
export type PrincipalType = "AWS" | "Service" | "Federated" | "CanonicalUser";

const accountForm = /^[0-9]{12}$/;
const uniqueIdForm = /^A(?:IDA|ROA)[A-Z0-9]{12,124}$/;
const canonicalForm = /^[0-9a-f]{64}$/;
const serviceForm = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.amazonaws\.com$/;
const providerForm = /^[a-z0-9.-]+\.[a-z]+(?:\/[\x21-\x7e]*)?$/i;
const nameForm = /^[\x21-\x7e]+$/;

/**
 * Reads one principal of a policy, or returns null if it has no form that AWS knows. A star is no part of a name: it stands alone
 * for everyone. Whether the principal exists is for the caller to look up.
 *
 * Follows "AWS JSON policy elements: Principal" in the IAM User Guide.
 */
export function parsePrincipalName(type: string, value: string): PrincipalName | null {
  switch (type) {
    case "AWS":
      return parseAwsPrincipal(value);
    case "Service":
      return serviceForm.test(value) ? { kind: "service", service: value } : null;
    case "Federated":
      return parseFederated(value);
    case "CanonicalUser":
      return canonicalForm.test(value) ? { kind: "canonicalUser", canonicalId: value } : null;
    default:
      return null;
  }
}

function parseAwsPrincipal(value: string): PrincipalName | null {
  if (value === "*") return { kind: "anyone" };
  if (accountForm.test(value)) return { kind: "account", accountId: value };
  if (uniqueIdForm.test(value)) return { kind: "uniqueId", uniqueId: value };
  const arn = parseArn(value);
  if (arn === null || arn.partition !== "aws" || arn.region !== "" || !accountForm.test(arn.accountId)) return null;
  if (!nameForm.test(arn.resource) || /[*?$]/.test(arn.resource)) return null;
  if (arn.service === "iam" && arn.resource === "root") return { kind: "account", accountId: arn.accountId };
  const [type, ...names] = arn.resource.split("/");
  if (names.length === 0 || names.some((name) => name === "")) return null;
  const known =
    arn.service === "iam"
      ? type === "user" || type === "role"
      : arn.service === "sts" &&
        ((type === "assumed-role" && names.length === 2) || (type === "federated-user" && names.length === 1));
  return known ? { kind: "arn", arn: value } : null;
}

function parseFederated(value: string): PrincipalName | null {
  const arn = parseArn(value);
  if (arn === null) return providerForm.test(value) ? { kind: "federated", provider: value } : null;
  const known =
    arn.service === "iam" && accountForm.test(arn.accountId) && /^(?:oidc|saml)-provider\/[^*?$]+$/.test(arn.resource);
  return known ? { kind: "federated", provider: value } : null;
}

/**
 * How a Principal element names a caller, weakest first: not at all; by its account, which delegates to the account's own policies;
 * by the role or user that its session comes from; by itself, or as anyone.
 */
export type PrincipalMatch = 0 | 1 | 2 | 3;
export const namedNot = 0;
export const namedByAccount = 1;
export const namedByIssuer = 2;
export const namedItself = 3;

/** The strongest way in which one of the names means the caller. */
export function matchPrincipal(names: readonly PrincipalName[], principal: PolicyPrincipal): PrincipalMatch {
  let strongest: PrincipalMatch = namedNot;
  for (const name of names) {
    const match = matchName(name, principal);
    if (match > strongest) strongest = match;
    if (strongest === namedItself) break;
  }
  return strongest;
}

function matchName(name: PrincipalName, principal: PolicyPrincipal): PrincipalMatch {
  switch (name.kind) {
    case "anyone":
      return namedItself;
    case "account":
      return "accountId" in principal && principal.accountId === name.accountId ? namedByAccount : namedNot;
    case "canonicalUser":
      return "canonicalId" in principal && principal.canonicalId === name.canonicalId ? namedByAccount : namedNot;
    case "arn":
      return matchArn(name.arn, principal);
    case "uniqueId":
      if (principal.kind === "user") return principal.uniqueId === name.uniqueId ? namedItself : namedNot;
      if (principal.kind === "roleSession") return principal.roleUniqueId === name.uniqueId ? namedByIssuer : namedNot;
      if (principal.kind === "federatedUser")
        return principal.issuerUniqueId === name.uniqueId ? namedByIssuer : namedNot;
      return namedNot;
    case "service":
      return principal.kind === "service" && principal.service === name.service ? namedItself : namedNot;
    case "federated":
      return principal.kind === "webIdentity" && principal.providerArn === name.provider ? namedItself : namedNot;
  }
}

function matchArn(arn: string, principal: PolicyPrincipal): PrincipalMatch {
  if (!("arn" in principal) || principal.kind === "root") return namedNot;
  if (principal.arn === arn) return namedItself;
  if (principal.kind === "roleSession" && principal.roleArn === arn) return namedByIssuer;
  if (principal.kind === "federatedUser" && principal.issuerArn === arn) return namedByIssuer;
  return namedNot;
}

/**
 * Whether a NotPrincipal element spares the caller from its Deny. It must name each of what the caller is: of a user the user and its
 * account; of a role's session the session, the role and its account. So AWS's manual asks ("NotPrincipal", key points), because a
 * service may look at any of them first.
 */
export function isSpared(names: readonly PrincipalName[], principal: PolicyPrincipal): boolean {
  const has = (test: (name: PrincipalName) => boolean) => names.some(test);
  if (has(({ kind }) => kind === "anyone")) return true;
  if (!("accountId" in principal)) return has((name) => matchName(name, principal) === namedItself);
  if (!has((name) => matchName(name, principal) === namedByAccount)) return false;
  if (principal.kind === "root") return true;
  if (!has((name) => matchName(name, principal) === namedItself)) return false;
  return principal.kind !== "roleSession" || has((name) => matchName(name, principal) === namedByIssuer);
}

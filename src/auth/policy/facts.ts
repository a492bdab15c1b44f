import type { ConditionFacts } from "./condition.ts";
import type { ContextLookup, ContextValue } from "./context-lookup.ts";
import type { PolicyPrincipal } from "./principal.ts";

/** What of an `AccessRequest` the values of condition keys follow from. */
interface Asked {
  readonly principal: PolicyPrincipal;
  readonly context: ContextLookup;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly resourceAccountId: string | null;
  readonly overrides?: ContextLookup | undefined;
}

const principalTag = "aws:principaltag/";

/**
 * The condition keys of one request: those that follow from the principal, the resource's owner and the time, and for all others
 * what the request's own lookup says.
 *
 * Follows "AWS global condition context keys" and the table "Principal key values" in the IAM User Guide.
 */
export class Facts implements ConditionFacts {
  private readonly request: Asked;
  private readonly observer: { missing(key: string): void } | undefined;

  /** `observer` is told of each key that is asked for and missing. */
  constructor(request: Asked, observer?: { missing(key: string): void }) {
    this.request = request;
    this.observer = observer;
  }

  /** `key` is in lower case. */
  find(key: string): ContextValue | undefined {
    const value = this.lookUp(key);
    if (value === undefined) this.observer?.missing(key);
    return value;
  }

  private lookUp(key: string): ContextValue | undefined {
    const { overrides } = this.request;
    if (overrides !== undefined) {
      const value = overrides(key);
      if (value !== undefined) return value;
    }
    if (key.startsWith("aws:")) {
      const own = this.ownKey(key);
      if (own !== notOurs) return own;
    }
    return this.request.context(key);
  }

  readonly findText = (key: string): string | undefined => {
    const value = this.find(key);
    return typeof value === "string" ? value : undefined;
  };

  private ownKey(key: string): ContextValue | undefined | typeof notOurs {
    const { principal, now, resourceAccountId } = this.request;
    switch (key) {
      case "aws:currenttime":
        return new Date(now).toISOString();
      case "aws:epochtime":
        return `${Math.floor(now / 1000)}`;
      case "aws:resourceaccount":
        return resourceAccountId ?? ("accountId" in principal ? principal.accountId : undefined);
    }
    if (!key.startsWith("aws:principal")) return principalKey(key, principal);
    if (key.startsWith(principalTag)) return tagOf(principal, key.slice(principalTag.length));
    return principalKey(key, principal);
  }
}

const notOurs = Symbol("not ours");

function principalKey(key: string, principal: PolicyPrincipal): string | undefined | typeof notOurs {
  switch (key) {
    case "aws:principalarn":
      if (principal.kind === "roleSession") return principal.roleArn;
      return "arn" in principal ? principal.arn : undefined;
    case "aws:principalaccount":
      if (principal.kind === "anonymous") return "anonymous";
      return "accountId" in principal ? principal.accountId : undefined;
    case "aws:principaltype":
      return principalTypes[principal.kind];
    case "aws:principalisawsservice":
      return principal.kind === "anonymous" ? undefined : `${principal.kind === "service"}`;
    case "aws:principalservicename":
      return principal.kind === "service" ? principal.service : undefined;
    case "aws:userid":
      return userId(principal);
    case "aws:username":
      return principal.kind === "user" ? principal.name : undefined;
    case "aws:federatedprovider":
      return principal.kind === "roleSession" ? principal.federatedProvider : undefined;
    default:
      return notOurs;
  }
}

const principalTypes: Record<PolicyPrincipal["kind"], string | undefined> = {
  root: "Account",
  user: "User",
  roleSession: "AssumedRole",
  federatedUser: "FederatedUser",
  webIdentity: undefined,
  service: undefined,
  anonymous: "Anonymous",
};

/** `aws:userid`, as `GetCallerIdentity` prints UserId. */
function userId(principal: PolicyPrincipal): string | undefined {
  switch (principal.kind) {
    case "root":
      return principal.accountId;
    case "user":
      return principal.uniqueId;
    case "roleSession":
      return `${principal.roleUniqueId}:${principal.sessionName}`;
    case "federatedUser":
      return `${principal.accountId}:${principal.name}`;
    case "anonymous":
      return "anonymous";
    case "webIdentity":
    case "service":
      return undefined;
  }
}

/** Names of tags ignore case in a condition key. */
function tagOf(principal: PolicyPrincipal, name: string): string | undefined {
  if (!("tags" in principal) || principal.tags === undefined) return undefined;
  for (const [key, value] of principal.tags) if (key.toLowerCase() === name) return value;
  return undefined;
}

import { Facts } from "./facts.ts";
import type { Policy } from "./policy.ts";
import { isSpared, matchPrincipal, namedItself, namedNot, type PrincipalMatch } from "./principal-name.ts";
import type { AccessRequest, NamedPolicy } from "./request.ts";
import { type RequestResource, requestResource } from "./resource-pattern.ts";
import type { Statement } from "./statement.ts";

/** A kind of policy. */
export type PolicyLayer = "identity" | "boundary" | "session" | "resource";

/** A statement that a request matches. `policy` is null for the resource policy. */
export interface Match {
  readonly layer: PolicyLayer;
  readonly policy: NamedPolicy | null;
  readonly statement: Statement;
}

/** What the policies of one kind say: a Deny that matches, else how strongly they allow. */
export interface LayerResult {
  readonly deny: Match | null;
  /** For identities' policies `namedNot` or `namedItself`; for the resource's how an Allow names the caller. */
  readonly allow: PrincipalMatch;
}

/** All layers; those that do not take part are null. */
export interface LayerResults {
  readonly identity: LayerResult;
  readonly boundary: LayerResult | null;
  readonly session: LayerResult | null;
  readonly resource: LayerResult | null;
}

/** What is seen while the layers are evaluated. With `match`, every matching statement is visited; without, those that can still matter. */
export interface Observer {
  match(match: Match): void;
  /** A condition key, in lower case, that a policy asks for and the request does not have. */
  missing(key: string): void;
}

/** Matches the request against every policy that concerns it. */
export function evaluateLayers(request: AccessRequest, observer?: Observer): LayerResults {
  const evaluation = new Evaluation(request, observer);
  const { permissionsBoundary, sessionPolicies, resourcePolicy, identityPolicies } = request;
  return {
    identity: evaluation.named("identity", identityPolicies),
    boundary: permissionsBoundary === undefined ? null : evaluation.named("boundary", [permissionsBoundary]),
    session: sessionPolicies === undefined ? null : evaluation.named("session", sessionPolicies),
    resource: resourcePolicy === undefined ? null : evaluation.resource(resourcePolicy),
  };
}

class Evaluation {
  private readonly request: AccessRequest;
  private readonly observer: Observer | undefined;
  private readonly facts: Facts;
  private readonly action: string;
  private readonly target: RequestResource;

  constructor(request: AccessRequest, observer: Observer | undefined) {
    this.request = request;
    this.observer = observer;
    this.facts = new Facts(request, observer);
    this.action = request.action.toLowerCase();
    this.target = requestResource(request.resource);
  }

  named(layer: PolicyLayer, policies: readonly NamedPolicy[]): LayerResult {
    let allow: PrincipalMatch = namedNot;
    let deny: Match | null = null;
    for (const policy of policies) {
      for (const statement of policy.policy.statementsFor(this.action)) {
        const isAllow = statement.effect === "Allow";
        if (this.observer === undefined && isAllow && allow === namedItself) continue;
        if (!this.applies(statement)) continue;
        const match = { layer, policy, statement };
        this.observer?.match(match);
        if (isAllow) allow = namedItself;
        else deny ??= match;
        if (deny !== null && this.observer === undefined) return { deny, allow };
      }
    }
    return { deny, allow };
  }

  resource(policy: Policy): LayerResult {
    let allow: PrincipalMatch = namedNot;
    let deny: Match | null = null;
    for (const statement of policy.statementsFor(this.action)) {
      const isAllow = statement.effect === "Allow";
      const named = this.names(statement);
      if (named === namedNot || (this.observer === undefined && isAllow && named <= allow)) continue;
      if (!this.applies(statement)) continue;
      const match: Match = { layer: "resource", policy: null, statement };
      this.observer?.match(match);
      if (!isAllow) deny ??= match;
      else if (named > allow) allow = named;
      if (deny !== null && this.observer === undefined) return { deny, allow };
    }
    return { deny, allow };
  }

  /** A NotPrincipal is always a Deny's, and catches everyone who has a permissions boundary, whomever it names. */
  private names({ principals }: Statement): PrincipalMatch {
    if (principals === null) return namedItself;
    const { principal, permissionsBoundary } = this.request;
    if (!principals.not) return matchPrincipal(principals.names, principal);
    return permissionsBoundary !== undefined || !isSpared(principals.names, principal) ? namedItself : namedNot;
  }

  private applies({ resources, conditions }: Statement): boolean {
    if (resources !== null) {
      const { not, patterns } = resources;
      let found = false;
      for (const pattern of patterns) {
        if (pattern.matches(this.target, this.facts.findText)) {
          found = true;
          break;
        }
      }
      if (found === not) return false;
    }
    for (const condition of conditions) if (!condition.holds(this.facts)) return false;
    return true;
  }
}

import type { AccessGuard } from "../metadata/access-guard.ts";
import type { RateLimit } from "../metadata/identities/rate-limits.ts";
import type { Decision } from "./policy/decide.ts";
import type { AccessRequest, ContextLookup } from "./policy/request.ts";
import type { Statement } from "./policy/statement.ts";
import type { Principal } from "./principal.ts";

/**
 * One thing that a caller wants to do, as a service asks it. What is known of the caller (principal, policies, boundary, session)
 * and of the request (time, address, TLS, user agent, age of the token) is added by `Caller.decide`.
 */
export interface Ask
  extends Pick<
    AccessRequest,
    "action" | "resource" | "resourceAccountId" | "resourcePolicy" | "resourcePolicyMode" | "aclGrant"
  > {
  /** The service's own condition keys (`s3:prefix`), by their names in lower case. */
  readonly context?: ContextLookup | undefined;
}

/** What is known of a request besides who makes it: where it comes from and when. */
export interface RequestFacts {
  /** `aws:SourceIp`, `aws:SecureTransport`, `aws:UserAgent`, `aws:referer` and the like, by their names in lower case. */
  readonly context: ContextLookup;
  /** Of the client's connection: `TLSv1.3`. Absent: it is not known, or there is no TLS. */
  readonly tlsVersion?: string;
  /** Milliseconds since 1970. */
  now(): number;
}

/** What temporary credentials carry besides the principal. */
export interface Session {
  readonly issuedMs: number;
  readonly expiresMs: number;
  readonly sourceIdentity: string | null;
  /** Keys of the session tags that a further AssumeRole takes over. */
  readonly transitiveTagKeys: readonly string[];
}

/** The rate limits of a caller's account and key, as they were configured. */
export interface CallerRates {
  readonly accountId: string;
  /** Null: none of its own. */
  readonly account: RateLimit | null;
  /** Null for temporary credentials: they count for their account alone. */
  readonly accessKeyId: string | null;
  readonly key: RateLimit | null;
}

/**
 * Who makes a request, and the only way to find out what they may do. One object for each request; it may learn during the
 * request that the account's access has changed (see `guard`).
 */
export interface Caller {
  readonly principal: Principal;
  /** The key id that signed the request; null if nothing did. */
  readonly accessKeyId: string | null;
  /** Null for long-lived keys and for anonymous callers. */
  readonly session: Session | null;
  /** How much the caller may ask for in a second. Null: the Worker's own key, and anonymous callers, have no limits of their own. */
  readonly rates: CallerRates | null;
  /**
   * Decides, and remembers the ask: if a D1 batch finds later that the account's access has changed, all asks that were allowed
   * are decided again. Pure apart from that.
   */
  decide(ask: Ask): Decision;
  /**
   * Every statement of the caller's own policies that covers the action, whatever else it asks for. For guessing what might be
   * allowed: only `decide` says what is.
   */
  statements(action: string): readonly Statement[];
  /** Decides all. Throws `AccessRefused` for the first that is denied. */
  demand(asks: readonly Ask[]): void;
  /**
   * Makes sure that what is remembered of the caller still holds, and reads it again if not. One D1 round trip, or none if a batch of
   * this request has found out already. Needed before a denial is answered, because somebody may just have allowed it: the edge
   * does so if a service answers 403, and lets it answer again. A service that writes a denial into a document of
   * its own (DeleteObjects, SimulatePrincipalPolicy) confirms first and decides again. Throws as `AccessGuard.renew`.
   */
  confirm(): Promise<void>;
  /**
   * What makes a remembered key void at once. Every D1 batch of the request goes through `metadata.guardedBy(guard)`: it reads the
   * account's access epoch too, or a commit is guarded by it. Null: there is nothing to guard, because the caller is the root
   * of the first account (the Worker's own key), anonymous, or a service of Sherd's own.
   */
  readonly guard: AccessGuard | null;
}

/** A caller must not do what the request asks for. Each service answers it in its own form (AccessDenied). */
export class AccessRefused extends Error {
  readonly ask: Ask;
  readonly decision: Extract<Decision, { allowed: false }>;
  readonly principal: Principal;

  constructor(ask: Ask, decision: Extract<Decision, { allowed: false }>, principal: Principal) {
    super(`${ask.action} on ${ask.resource}: ${decision.reason.kind}`);
    this.name = "AccessRefused";
    this.ask = ask;
    this.decision = decision;
    this.principal = principal;
  }
}

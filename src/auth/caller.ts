import type { AccessGuard } from "../metadata/access-guard.ts";
import { AccessRefused, type Ask, type Caller, type CallerRates, type RequestFacts, type Session } from "./access.ts";
import { type Decision, decide } from "./policy/decide.ts";
import type { AccessRequest, ContextValue } from "./policy/request.ts";
import type { Statement } from "./policy/statement.ts";
import { anonymous, type Principal } from "./principal.ts";

/** What holds for a caller: who they are, and the policies that say what they may do. */
export interface Identity extends Pick<AccessRequest, "identityPolicies" | "permissionsBoundary" | "sessionPolicies"> {
  readonly principal: Principal;
}

/** How a request's caller is kept true: the account's access epoch, and reading the identity again. */
export interface Renewal {
  readonly accountId: string;
  readonly epoch: number;
  /** Whether it was read for this very request. */
  readonly isFresh: boolean;
  /** The identity as it is now. Throws `AuthenticationError` if the key is no longer valid, and `MetadataUnavailable`. */
  readAgain(): Promise<{ identity: Identity; epoch: number }>;
  /** The account's epoch as it is now. */
  readEpoch(): Promise<number | null>;
}

interface Parts {
  readonly identity: Identity;
  readonly accessKeyId: string | null;
  readonly session?: Session | null;
  readonly facts: RequestFacts;
  /** Absent: it has no limits. */
  readonly rates?: CallerRates | null;
  /** Null: nothing can change during the request. */
  readonly renewal?: Renewal | null;
}

/** The caller of one request. */
export class RequestCaller implements Caller {
  readonly accessKeyId: string | null;
  readonly session: Session | null;
  readonly guard: AccessGuard | null;
  readonly rates: CallerRates | null;
  readonly #facts: RequestFacts;
  readonly #allowed: Ask[] = [];
  readonly #renewal: Renewal | null;
  #identity: Identity;
  #epoch: number;
  /** What is known of the identity was true during this request. */
  #isConfirmed: boolean;

  constructor({ identity, accessKeyId, session = null, facts, rates = null, renewal = null }: Parts) {
    this.rates = rates;
    this.accessKeyId = accessKeyId;
    this.session = session;
    this.#facts = facts;
    this.#identity = identity;
    this.#renewal = renewal;
    this.#epoch = renewal?.epoch ?? 0;
    this.#isConfirmed = renewal?.isFresh ?? true;
    this.guard = renewal && {
      accountId: renewal.accountId,
      epoch: () => this.#epoch,
      confirm: () => {
        this.#isConfirmed = true;
      },
      renew: () => this.#renew(renewal),
    };
  }

  get principal(): Principal {
    return this.#identity.principal;
  }

  decide(ask: Ask): Decision {
    const decision = this.#decide(ask);
    if (decision.allowed && this.guard !== null) this.#allowed.push(ask);
    return decision;
  }

  statements(action: string): readonly Statement[] {
    const { identityPolicies, permissionsBoundary, sessionPolicies = [] } = this.#identity;
    const all = [...identityPolicies, ...(permissionsBoundary ? [permissionsBoundary] : []), ...sessionPolicies];
    return all.flatMap(({ policy }) => policy.statementsFor(action.toLowerCase()));
  }

  demand(asks: readonly Ask[]): void {
    for (const ask of asks) {
      const decision = this.decide(ask);
      if (!decision.allowed) throw new AccessRefused(ask, decision, this.principal);
    }
  }

  async confirm(): Promise<void> {
    if (this.#isConfirmed || this.#renewal === null) return;
    if ((await this.#renewal.readEpoch()) !== this.#epoch) await this.#renew(this.#renewal);
    this.#isConfirmed = true;
  }

  #decide(ask: Ask): Decision {
    if (isOwnRoot(this.principal, ask)) return ROOT;
    const context = (key: string) => ask.context?.(key) ?? this.#sessionKey(key) ?? this.#facts.context(key);
    return decide({ ...ask, ...this.#identity, context, now: this.#facts.now() });
  }

  #sessionKey(key: string): ContextValue | undefined {
    if (this.session === null) return undefined;
    switch (key) {
      case "aws:tokenissuetime":
        return new Date(this.session.issuedMs).toISOString();
      case "aws:multifactorauthpresent":
        return "false";
      case "aws:sourceidentity":
        return this.session.sourceIdentity ?? undefined;
      default:
        return undefined;
    }
  }

  async #renew(renewal: Renewal): Promise<void> {
    const { identity, epoch } = await renewal.readAgain();
    this.#identity = identity;
    this.#epoch = epoch;
    this.#isConfirmed = true;
    for (const ask of this.#allowed) {
      const decision = this.#decide(ask);
      if (!decision.allowed) throw new AccessRefused(ask, decision, this.principal);
    }
  }
}

const ROOT: Decision = { allowed: true, by: "root" };

/** The root user has no policies: in its own account only a resource's policy can deny it anything. */
function isOwnRoot(principal: Principal, { resourceAccountId, resourcePolicy }: Ask): boolean {
  if (principal.kind !== "root" || resourcePolicy !== undefined) return false;
  return resourceAccountId === null || resourceAccountId === principal.accountId;
}

/** The caller of a request that nobody signed. */
export function anonymousCaller(facts: RequestFacts): Caller {
  return new RequestCaller({ identity: { principal: anonymous, identityPolicies: [] }, accessKeyId: null, facts });
}

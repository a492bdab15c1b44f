import type { Identities } from "../../metadata/identities/identities.ts";
import type { HeldIdentity, HeldKey } from "../../metadata/identities/principals.ts";
import type { Sealer } from "../../sealing/root-sealer.ts";
import type { CallerRates, RequestFacts, Session } from "../access.ts";
import { AuthenticationError, type AuthenticationFailure } from "../authentication-error.ts";
import { type Identity, RequestCaller } from "../caller.ts";
import type { NamedPolicy } from "../policy/request.ts";
import { keyIdentity, sessionIdentity } from "./identity.ts";
import { accountOfKeyId } from "./key-id.ts";
import type { KeyLookup, KeyRing } from "./key-ring.ts";
import { PolicyMemory } from "./policy-memory.ts";
import type { RootKey } from "./root-key.ts";
import type { OpenedSession, SessionClaims, Sessions } from "./sessions.ts";

/** Keys and sessions that an isolate remembers. Their compiled policies have a bound of their own. */
const REMEMBERED_MAX = 5_000;

export interface RingParts {
  /** The Worker's own key. It needs nothing of D1. */
  readonly root: RootKey;
  readonly sealer: Sealer;
  readonly sessions: Sessions;
  /** Of the first database. */
  readonly identities: Pick<Identities, "principals" | "policies" | "accounts">;
  /** Told of a secret in D1 that no configured root secret opens: by the key's id. */
  onUnreadable(accessKeyId: string): void;
}

/** A key or session as it was found in D1. */
interface Remembered {
  readonly kind: "remembered";
  readonly accountId: string;
  readonly secret: string;
  readonly identity: Identity;
  readonly epoch: number;
  readonly rates: CallerRates;
}

type Read = Remembered | { readonly kind: "unknown" | "closed-account" | "bad-token" };

/** How a key or session is read, whenever that must be. */
interface Source {
  /** What it is remembered by. */
  readonly id: string;
  readonly accessKeyId: string;
  readonly session: Session | null;
  read(): Promise<Read>;
  failure(kind: Exclude<Read["kind"], "remembered">): AuthenticationFailure;
}

/**
 * The keys of all accounts. What was found is remembered, with the account's access epoch: `RequestCaller` and `GuardedDatabase`
 * see to it that nothing is done with it once it is void. So a key that is known costs no D1 round trip.
 */
export class AccountKeyRing implements KeyRing {
  readonly #parts: RingParts;
  readonly #policies = new PolicyMemory();
  /** A Map keeps the order in which entries were last used. */
  readonly #remembered = new Map<string, Remembered>();

  constructor(parts: RingParts) {
    this.#parts = parts;
  }

  find(accessKeyId: string, sessionToken: string | undefined): KeyLookup | Promise<KeyLookup> {
    const { root, sessions } = this.#parts;
    if (sessionToken !== undefined) {
      const opened = sessions.open(accessKeyId, sessionToken);
      return opened === null ? { kind: "bad-token" } : this.#session(accessKeyId, sessionToken, opened);
    }
    if (accessKeyId === root.accessKeyId) return root;
    // Nothing of another form was ever made, so D1 need not be asked for it.
    if (!accessKeyId.startsWith("AKIA") || accountOfKeyId(accessKeyId) === null) return { kind: "unknown" };
    return this.#lookUp({
      id: accessKeyId,
      accessKeyId,
      session: null,
      read: () => this.#readKey(accessKeyId),
      failure: (kind) =>
        kind === "closed-account" ? { kind: "closedAccount", accessKeyId } : { kind: "unknownKey", accessKeyId },
    });
  }

  #session(accessKeyId: string, token: string, { claims, secret }: OpenedSession): Promise<KeyLookup> {
    return this.#lookUp({
      id: token,
      accessKeyId,
      session: claims,
      read: () => this.#readSession(claims, secret),
      failure: (kind) =>
        kind === "closed-account" ? { kind: "closedAccount", accessKeyId } : { kind: "invalidToken", token },
    });
  }

  async #lookUp(source: Source): Promise<KeyLookup> {
    const known = this.#recall(source.id);
    const found = known ?? (await this.#learn(source));
    if (found.kind !== "remembered") return { kind: found.kind };
    return {
      kind: "key",
      secret: found.secret,
      expiresMs: source.session === null ? null : source.session.expiresMs,
      caller: (facts) => this.#caller(source, found, { facts, isFresh: known === undefined }),
    };
  }

  #caller(source: Source, found: Remembered, { facts, isFresh }: { facts: RequestFacts; isFresh: boolean }) {
    const { accountId, identity, epoch, rates } = found;
    const readAgain = async () => {
      const read = await this.#learn(source);
      if (read.kind === "remembered") return read;
      throw new AuthenticationError(source.failure(read.kind));
    };
    const readEpoch = () => this.#parts.identities.accounts.epoch(accountId);
    const renewal = { accountId, epoch, isFresh, readAgain, readEpoch };
    const { accessKeyId, session } = source;
    return new RequestCaller({ identity, accessKeyId, session, facts, rates, renewal });
  }

  #recall(id: string): Remembered | undefined {
    const known = this.#remembered.get(id);
    if (known === undefined) return undefined;
    this.#remembered.delete(id);
    this.#remembered.set(id, known);
    return known;
  }

  async #learn(source: Source): Promise<Read> {
    const read = await source.read();
    this.#remembered.delete(source.id);
    if (read.kind !== "remembered") return read;
    this.#remembered.set(source.id, read);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > REMEMBERED_MAX && oldest !== undefined) this.#remembered.delete(oldest);
    return read;
  }

  async #readKey(accessKeyId: string): Promise<Read> {
    const held: HeldKey | null = await this.#parts.identities.principals.ofKey(accessKeyId);
    if (held === null || held.status !== "Active") return { kind: "unknown" };
    if (held.account.state !== "active") return { kind: "closed-account" };
    const secret = this.#parts.sealer.open("access-key", accessKeyId, held.secret);
    if (secret === null) {
      this.#parts.onUnreadable(accessKeyId);
      return { kind: "unknown" };
    }
    const rates = { accessKeyId, key: held.keyRate };
    return remember(held, { identity: keyIdentity(held, this.#policies), secret }, rates);
  }

  async #readSession(claims: SessionClaims, secret: string): Promise<Read> {
    const held = await this.#ownerOf(claims);
    if (held === null || held.account.id !== claims.accountId) return { kind: "bad-token" };
    if (held.account.state !== "active") return { kind: "closed-account" };
    if (held.entity === null && claims.issuedMs < held.account.rootSessionsFromMs) return { kind: "bad-token" };
    // After the identity: should one of them change in between, the epoch that was read is no longer the account's.
    const passed = await this.#passedPolicies(claims.policyArns);
    if (passed === null) return { kind: "bad-token" };
    return remember(held, { identity: sessionIdentity(held, claims, { memory: this.#policies, passed }), secret });
  }

  #ownerOf({ accountId, owner }: SessionClaims): Promise<HeldIdentity | null> {
    const { principals } = this.#parts.identities;
    const id = owner.kind === "federated" ? owner.issuerId : owner.kind === "root" ? null : owner.id;
    return id === null ? principals.ofRoot(accountId) : principals.ofEntity(id);
  }

  /** The managed policies that were passed as session policies; null if one is gone. */
  async #passedPolicies(arns: readonly string[]): Promise<readonly NamedPolicy[] | null> {
    const passed: NamedPolicy[] = [];
    for (const name of arns) {
      if (name.startsWith("arn:aws:iam::aws:")) {
        passed.push({ name, policy: this.#policies.managed(name) });
        continue;
      }
      const row = await this.#parts.identities.policies.find(name);
      if (row === null) return null;
      passed.push({ name, policy: this.#policies.compile(row.document, "session") });
    }
    return passed;
  }
}

function remember(
  { account, accountRate }: HeldIdentity,
  parts: { identity: Identity; secret: string },
  ofKey: Pick<CallerRates, "accessKeyId" | "key"> = { accessKeyId: null, key: null },
): Remembered {
  const rates = { accountId: account.id, account: accountRate, ...ofKey };
  return { kind: "remembered", accountId: account.id, epoch: account.accessEpoch, rates, ...parts };
}

/** A ring with the Worker's own key alone; null without one. */
export function rootRing(root: RootKey | null): KeyRing | null {
  if (root === null) return null;
  const find = (accessKeyId: string, sessionToken: string | undefined): KeyLookup => {
    if (sessionToken !== undefined) return { kind: "bad-token" };
    return accessKeyId === root.accessKeyId ? root : { kind: "unknown" };
  };
  return { find };
}

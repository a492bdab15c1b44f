import { createAccount, type NewAccount } from "../../src/auth/accounts.ts";
import { newKeyId, newSecret } from "../../src/auth/keys/key-id.ts";
import { type Keys, openKeys } from "../../src/auth/keys/open-keys.ts";
import type { SessionClaims } from "../../src/auth/keys/sessions.ts";
import { count, FIRST_ACCOUNT_ID } from "../../src/metadata/identities/accounts.ts";
import { type EntityKind, insertEntity, putInlinePolicy } from "../../src/metadata/identities/entities.ts";
import type { Identities } from "../../src/metadata/identities/identities.ts";
import { insertKey } from "../../src/metadata/identities/keys.ts";
import type { StoreContext } from "../../src/store/context.ts";

export const rootVariables = {
  SHERD_ACCESS_KEY_ID: "ROOTKEY",
  SHERD_SECRET_ACCESS_KEY: "the root secret of these tests, forty long",
};

export interface Person {
  id: string;
  accessKeyId: string;
  secret: string;
}

/** A policy that allows `actions` on everything. */
export function allowing(...actions: string[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: actions, Resource: "*" }] });
}

/** Who is in the accounts of a store, put there as IAM puts them. */
export class People {
  readonly keys: Keys;
  readonly unreadable: string[] = [];
  readonly #store: StoreContext;
  #count = 0;

  constructor(store: StoreContext, variables: Parameters<typeof openKeys>[0] = rootVariables) {
    this.#store = store;
    const log = { error: (line: string) => this.unreadable.push(line) };
    this.keys = openKeys(variables, { identities: store.metadata.identities, random: store.random, log }) as Keys;
  }

  get identities(): Identities {
    return this.#store.metadata.identities;
  }

  /** A user with a key and a policy. */
  async user(policy = allowing("s3:*"), accountId = FIRST_ACCOUNT_ID): Promise<Person> {
    const id = await this.entity("user", policy, accountId);
    const accessKeyId = newKeyId("AKIA", accountId, this.#store.random);
    const secret = newSecret(this.#store.random);
    const sealed = this.keys.sealer.seal("access-key", accessKeyId, secret);
    await this.change(accountId, insertKey({ id: accessKeyId, accountId, ownerId: id, secret: sealed, createdMs: 1 }));
    return { id, accessKeyId, secret };
  }

  /** Gives its id. */
  async entity(kind: EntityKind, policy = allowing("s3:*"), accountId = FIRST_ACCOUNT_ID): Promise<string> {
    const name = `${kind}-${++this.#count}`;
    const id = `${kind === "user" ? "AIDA" : "AROA"}${String(this.#count).padStart(17, "A")}`;
    const role = { trust: null, description: null, maxSessionSeconds: null, usedMs: null, usedRegion: null };
    const entity = { id, accountId, kind, name, path: "/", createdMs: 1, tags: [], boundary: null, ...role };
    const counted = count(accountId, `${kind}s`, 1);
    const inline = putInlinePolicy(id, { name: "inline", document: policy });
    await this.change(accountId, insertEntity(entity), inline, counted);
    return id;
  }

  async account(name: string): Promise<NewAccount> {
    const { random, clock } = this.#store;
    const parts = { identities: this.identities, sealer: this.keys.sealer, random, nowMs: clock.now() };
    const made = await createAccount(parts, { name, email: `${name}@example.org` });
    if (!made.ok) throw new Error(made.failure.kind);
    return made.value;
  }

  async change(accountId: string, ...statements: Parameters<Identities["accounts"]["change"]>[1]): Promise<void> {
    const account = await this.identities.accounts.find(accountId);
    await this.identities.accounts.change({ id: accountId, seen: account?.accessEpoch ?? 0, nowMs: 1 }, statements);
  }

  /** Temporary credentials of an hour. */
  session(owner: SessionClaims["owner"], more: Partial<SessionClaims> = {}) {
    const nowMs = this.#store.clock.now();
    const claims: SessionClaims = {
      accountId: FIRST_ACCOUNT_ID,
      owner,
      policy: null,
      policyArns: [],
      tags: [],
      transitiveTagKeys: [],
      sourceIdentity: null,
      issuedMs: nowMs,
      expiresMs: nowMs + 3_600_000,
      ...more,
    };
    return this.keys.sessions.mint(claims);
  }
}

import { toHex } from "../base/bytes.ts";
import type { RandomBytes } from "../base/random.ts";
import { GuardError, type Statement, TakenError } from "../metadata/database.ts";
import { type AccountRow, endRootSessions, FIRST_ACCOUNT_ID, setState } from "../metadata/identities/accounts.ts";
import type { Identities } from "../metadata/identities/identities.ts";
import { deleteKeysOf, insertKey } from "../metadata/identities/keys.ts";
import type { Sealer } from "../sealing/root-sealer.ts";
import { newKeyId, newSecret } from "./keys/key-id.ts";

/** What accounts are kept with. */
export interface AccountParts {
  readonly identities: Identities;
  readonly sealer: Sealer;
  readonly random: RandomBytes;
  readonly nowMs: number;
}

/** A root key as it is shown, once. */
export interface NewRootKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface NewAccount extends NewRootKey {
  readonly accountId: string;
  readonly canonicalId: string;
  readonly name: string;
  readonly email: string;
}

export type AccountFailure =
  | { readonly kind: "invalid"; readonly field: "name" | "email"; readonly rule: string }
  | { readonly kind: "email-taken"; readonly email: string }
  | { readonly kind: "no-such-account"; readonly accountId: string }
  /** The first account has the Worker's own key, which is changed in the configuration. */
  | { readonly kind: "first-account" }
  /** It was changed at the same time again and again. */
  | { readonly kind: "conflict" };

export type Done<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: AccountFailure };

const ATTEMPTS_MAX = 5;

/** As CreateAccount of AWS Organizations has them. */
const NAME = /^[\x20-\x7e]{1,50}$/;
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
const EMAIL_CHARACTERS = { min: 6, max: 64 };

/**
 * Makes an account with a root key, in one batch: both are there or neither. E-mail addresses are unique on the server and kept in
 * lower case. After a crash the account may be there although nobody has seen its key: it can be given another one.
 */
export async function createAccount(
  { identities, sealer, random, nowMs }: AccountParts,
  asked: { name: string; email: string },
): Promise<Done<NewAccount>> {
  const name = asked.name.trim();
  const email = asked.email.trim().toLowerCase();
  if (!NAME.test(name)) return invalid("name", "1 to 50 printable ASCII characters");
  const isLong = email.length < EMAIL_CHARACTERS.min || email.length > EMAIL_CHARACTERS.max;
  if (isLong || !EMAIL.test(email)) return invalid("email", "an e-mail address of 6 to 64 characters");
  if ((await identities.accounts.findByEmail(email)) !== null) return failed({ kind: "email-taken", email });
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const id = newAccountId(random);
    const canonicalId = toHex(random(32));
    const { shown, statement } = newRootKey(id, { sealer, random, nowMs });
    try {
      await identities.accounts.create({ id, canonicalId, name, email, createdMs: nowMs }, statement);
      return { ok: true, value: { accountId: id, canonicalId, name, email, ...shown } };
    } catch (error) {
      if (!(error instanceof TakenError)) throw error;
      if ((await identities.accounts.findByEmail(email)) !== null) return failed({ kind: "email-taken", email });
    }
  }
  return failed({ kind: "conflict" });
}

/**
 * Closes or reopens an account. While it is closed none of its keys and sessions is accepted, from the next D1 call on. Its buckets stay,
 * and so does what their policies allow others. Doing it twice is harmless.
 */
export function setAccountState(
  parts: AccountParts,
  accountId: string,
  state: AccountRow["state"],
): Promise<Done<null>> {
  return change(parts, accountId, () => ({ value: null, statements: [setState(accountId, state)] }));
}

/** Gives an account's root another key, in the same batch that takes the old ones away and ends the sessions that they made. */
export function rekeyAccount(parts: AccountParts, accountId: string): Promise<Done<NewRootKey>> {
  return change(parts, accountId, () => {
    const { shown, statement } = newRootKey(accountId, parts);
    return { value: shown, statements: [deleteKeysOf(accountId), statement, endRootSessions(accountId, parts.nowMs)] };
  });
}

async function change<T>(
  { identities, nowMs }: AccountParts,
  accountId: string,
  make: () => { value: T; statements: readonly Statement[] },
): Promise<Done<T>> {
  if (accountId === FIRST_ACCOUNT_ID) return failed({ kind: "first-account" });
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const account = await identities.accounts.find(accountId);
    if (account === null) return failed({ kind: "no-such-account", accountId });
    const { value, statements } = make();
    try {
      await identities.accounts.change({ id: accountId, seen: account.accessEpoch, nowMs }, statements);
      return { ok: true, value };
    } catch (error) {
      if (!(error instanceof GuardError) || error.guard !== "access_changed") throw error;
    }
  }
  return failed({ kind: "conflict" });
}

function newRootKey(
  accountId: string,
  { sealer, random, nowMs }: Pick<AccountParts, "sealer" | "random" | "nowMs">,
): { shown: NewRootKey; statement: Statement } {
  const accessKeyId = newKeyId("AKIA", accountId, random);
  const secretAccessKey = newSecret(random);
  const secret = sealer.seal("access-key", accessKeyId, secretAccessKey);
  const statement = insertKey({ id: accessKeyId, accountId, ownerId: accountId, secret, createdMs: nowMs });
  return { shown: { accessKeyId, secretAccessKey }, statement };
}

/** Twelve digits, the first of them not 0; about 39 random bits. */
function newAccountId(random: RandomBytes): string {
  const bytes = random(8);
  const number = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0) % 900_000_000_000n;
  return `${number + 100_000_000_000n}`;
}

function invalid(field: "name" | "email", rule: string): Done<never> {
  return failed({ kind: "invalid", field, rule });
}

function failed(failure: AccountFailure): Done<never> {
  return { ok: false, failure };
}

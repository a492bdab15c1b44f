import type { HeldKmsKey, KeyName } from "../metadata/keyring/keys.ts";

/** Accounts whose keys an isolate remembers, and keys of each. */
const ACCOUNTS_MAX = 200;
const KEYS_MAX = 100;

interface Remembered {
  epoch: number;
  readonly keys: Map<string, HeldKmsKey>;
}

/**
 * Keys as they were read, by their names. All that is remembered of an account was read at one access epoch, and is void at any other: each
 * change of a key raises it.
 */
export class KeyMemory {
  readonly #accounts = new Map<string, Remembered>();

  /** The epoch that the account's keys were read with; null: none is remembered. */
  epochOf(accountId: string): number | null {
    return this.#accounts.get(accountId)?.epoch ?? null;
  }

  /** The key as of that epoch. */
  find(name: KeyName, accountId: string, epoch: number): HeldKmsKey | null {
    const account = this.#accounts.get(accountId);
    return account?.epoch === epoch ? (account.keys.get(idOf(name)) ?? null) : null;
  }

  remember(name: KeyName, held: HeldKmsKey): void {
    const { accountId } = held.key;
    const known = this.#accounts.get(accountId);
    // A slow read must not bring back what a later one has replaced.
    if (known !== undefined && known.epoch > held.epoch) return;
    const account = known?.epoch === held.epoch ? known : { epoch: held.epoch, keys: new Map<string, HeldKmsKey>() };
    this.#accounts.delete(accountId);
    this.#accounts.set(accountId, account);
    account.keys.delete(idOf(name));
    account.keys.set(idOf(name), held);
    dropOldest(account.keys, KEYS_MAX);
    dropOldest(this.#accounts, ACCOUNTS_MAX);
  }

  forget(accountId: string): void {
    this.#accounts.delete(accountId);
  }
}

function idOf(name: KeyName): string {
  return name.kind === "id" ? name.id : name.name;
}

function dropOldest(entries: Map<string, unknown>, max: number): void {
  const [oldest] = entries.keys();
  if (entries.size > max && oldest !== undefined) entries.delete(oldest);
}

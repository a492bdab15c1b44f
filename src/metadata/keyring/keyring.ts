import type { Database, Statement } from "../database.ts";
import { AccountTable } from "../identities/accounts.ts";
import { AliasTable } from "./aliases.ts";
import { GrantTable } from "./grants.ts";
import { KmsKeyTable } from "./keys.ts";

/**
 * Keys of the KMS. Of use in the first database alone. Reads are methods, one round trip each; changes are statements
 * (`insertKmsKey`, `updateKey` …) that `change` applies in one batch, which also raises the account's epoch.
 */
export class KeyringTables {
  readonly keys: KmsKeyTable;
  readonly aliases: AliasTable;
  readonly grants: GrantTable;
  readonly #accounts: AccountTable;
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    this.keys = new KmsKeyTable(database);
    this.aliases = new AliasTable(database);
    this.grants = new GrantTable(database);
    this.#accounts = new AccountTable(database);
  }

  /** The access epoch of an account; null: there is no such account. */
  epoch(accountId: string): Promise<number | null> {
    return this.#accounts.epoch(accountId);
  }

  /** The access epoch of an account, and how many keys it has that count. Null: there is no such account. */
  async account(id: string): Promise<{ epoch: number; keys: number } | null> {
    const rows = await this.#database.all<{ epoch: number; keys: number }>(
      "SELECT access_epoch AS epoch, key_count AS keys FROM accounts WHERE id = ?1",
      id,
    );
    return rows[0] ?? null;
  }

  /** As `AccountTable.change`: whatever an isolate remembers of the account's keys is void afterwards. */
  change(account: { id: string; seen: number; nowMs: number }, statements: readonly Statement[]): Promise<number> {
    return this.#accounts.change(account, statements);
  }
}

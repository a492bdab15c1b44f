import type { Database } from "../database.ts";
import { AccountTable } from "./accounts.ts";
import { EntityTable } from "./entities.ts";
import { KeyTable } from "./keys.ts";
import { PolicyTable } from "./policies.ts";
import { PrincipalQueries } from "./principals.ts";
import { ProviderTable } from "./providers.ts";
import { RateLimitTable } from "./rate-limits.ts";

/**
 * Accounts and who is in them. Of use in the first database alone. Reads are methods, one round trip each; changes are statements
 * (`insertEntity`, `attach` …) that `accounts.change` applies in one batch, which also raises the account's epoch.
 */
export class Identities {
  readonly accounts: AccountTable;
  readonly principals: PrincipalQueries;
  readonly entities: EntityTable;
  readonly keys: KeyTable;
  readonly policies: PolicyTable;
  readonly providers: ProviderTable;
  readonly rateLimits: RateLimitTable;

  constructor(database: Database) {
    this.accounts = new AccountTable(database);
    this.principals = new PrincipalQueries(database);
    this.entities = new EntityTable(database);
    this.keys = new KeyTable(database);
    this.policies = new PolicyTable(database);
    this.providers = new ProviderTable(database);
    this.rateLimits = new RateLimitTable(database);
  }
}

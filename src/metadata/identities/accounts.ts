import { type Database, require, type Statement } from "../database.ts";

/** The account that every server has: the migration makes it. Its root key is a secret of the Worker, not a row. */
export const FIRST_ACCOUNT_ID = "100000000001";

export interface AccountRow {
  /** 12 digits. */
  id: string;
  /** 64 hex digits: what buckets record as their owner. */
  canonicalId: string;
  name: string;
  email: string | null;
  state: "active" | "closed";
  createdMs: number;
  alias: string | null;
  /** Another one after each change of the account's identities. Never the same twice, not even after a restore. */
  accessEpoch: number;
  /** Sessions of its root that were made before this time are void. */
  rootSessionsFromMs: number;
}

/** What GetAccountSummary counts and quotas bound. */
export interface AccountCounts {
  users: number;
  groups: number;
  roles: number;
  policies: number;
  policyVersions: number;
  providers: number;
}

/** What of an account is counted, by its column. */
const COUNTED = {
  users: "user_count",
  groups: "group_count",
  roles: "role_count",
  policies: "policy_count",
  policyVersions: "policy_version_count",
  providers: "provider_count",
} as const satisfies Record<keyof AccountCounts, string>;

const ACCOUNT_COLUMNS = `a.id, a.canonical_id AS "canonicalId", a.name, a.email, a.state, a.created_ms AS "createdMs", a.alias,
  a.access_epoch AS "accessEpoch", a.root_sessions_from_ms AS "rootSessionsFromMs"`;
const COUNT_COLUMNS = Object.entries(COUNTED)
  .map(([name, column]) => `${column} AS "${name}"`)
  .join(", ");

/** Accounts. They lie in the first database alone. */
export class AccountTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  find(id: string): Promise<AccountRow | null> {
    return this.#findBy("id", id);
  }

  findByCanonicalId(canonicalId: string): Promise<AccountRow | null> {
    return this.#findBy("canonical_id", canonicalId);
  }

  findByEmail(email: string): Promise<AccountRow | null> {
    return this.#findBy("email", email);
  }

  async #findBy(column: "id" | "canonical_id" | "email", value: string): Promise<AccountRow | null> {
    const rows = await this.#database.all<AccountRow>(
      `SELECT ${ACCOUNT_COLUMNS} FROM accounts a WHERE ${column} = ?1`,
      value,
    );
    return rows[0] ?? null;
  }

  /** A page by id, after `after`; one more than `limit` if there are more. */
  list(after: string, limit: number): Promise<AccountRow[]> {
    return this.#database.all<AccountRow>(
      `SELECT ${ACCOUNT_COLUMNS} FROM accounts a WHERE id > ?1 ORDER BY id LIMIT ?2`,
      after,
      limit + 1,
    );
  }

  /** The access epoch; null: there is no such account. */
  async epoch(id: string): Promise<number | null> {
    const { sql, values } = readEpoch(id);
    const [row] = await this.#database.all<{ epoch: number }>(sql, ...values);
    return row?.epoch ?? null;
  }

  async counts(id: string): Promise<AccountCounts | null> {
    const rows = await this.#database.all<AccountCounts>(`SELECT ${COUNT_COLUMNS} FROM accounts WHERE id = ?1`, id);
    return rows[0] ?? null;
  }

  /** Makes an account with its root key. Throws `TakenError` if its id, canonical id, e-mail address or key id is taken. */
  async create(
    account: Omit<AccountRow, "alias" | "state" | "accessEpoch" | "rootSessionsFromMs">,
    rootKey: Statement,
  ): Promise<void> {
    const { id, canonicalId, name, email, createdMs } = account;
    await this.#database.batch([
      {
        sql: `INSERT INTO accounts (id, canonical_id, name, email, state, created_ms, access_epoch)
              VALUES (?1, ?2, ?3, ?4, 'active', ?5, ?5)`,
        values: [id, canonicalId, name, email, createdMs],
      },
      rootKey,
    ]);
  }

  /**
   * Applies `statements` and raises the account's epoch, in one batch. All or nothing is applied. Returns the new epoch. Throws
   * `GuardError` access_changed unless the epoch is still `seen`: whatever was decided from rows read at that epoch still holds.
   * Throws `TakenError` if a unique name is taken.
   */
  async change(
    account: { id: string; seen: number; nowMs: number },
    statements: readonly Statement[],
  ): Promise<number> {
    const results = await this.#database.batch<{ epoch: number }[]>([
      requireEpoch(account.id, account.seen),
      ...statements,
      raiseEpoch(account.id, account.nowMs),
    ]);
    const raised = results.at(-1)?.[0];
    if (raised === undefined) throw new Error(`there is no account ${account.id}`);
    return raised.epoch;
  }
}

/** Reads the epoch of an account, for a batch that must notice changes: one row, `{ epoch }`. None: there is no such account. */
export function readEpoch(accountId: string): Statement {
  return { sql: "SELECT access_epoch AS epoch FROM accounts WHERE id = ?1", values: [accountId] };
}

/** Fails the batch with access_changed unless the account's epoch is still `epoch`. Only in the first database. */
export function requireEpoch(accountId: string, epoch: number): Statement {
  return require("access_changed", "EXISTS (SELECT 1 FROM accounts WHERE id = ?1 AND access_epoch = ?2)", [
    accountId,
    epoch,
  ]);
}

/** Part of each batch that changes identities. Epochs follow the clock, so a restored database does not repeat one. */
function raiseEpoch(accountId: string, nowMs: number): Statement {
  return {
    sql: `UPDATE accounts SET access_epoch = max(access_epoch + 1, ?2) WHERE id = ?1 RETURNING access_epoch AS epoch`,
    values: [accountId, nowMs],
  };
}

/** Adds to what is counted of an account. */
export function count(accountId: string, what: keyof AccountCounts, difference: number): Statement {
  const column = COUNTED[what];
  return { sql: `UPDATE accounts SET ${column} = ${column} + ?2 WHERE id = ?1`, values: [accountId, difference] };
}

/** Sets or takes away (null) the account's alias, which is unique on the server. */
export function setAlias(accountId: string, alias: string | null): Statement {
  return { sql: "UPDATE accounts SET alias = ?2 WHERE id = ?1", values: [accountId, alias] };
}

/** Makes sessions of the account's root void that were made before this time. */
export function endRootSessions(accountId: string, nowMs: number): Statement {
  return {
    sql: "UPDATE accounts SET root_sessions_from_ms = max(root_sessions_from_ms, ?2) WHERE id = ?1",
    values: [accountId, nowMs],
  };
}

export function setState(accountId: string, state: AccountRow["state"]): Statement {
  return { sql: "UPDATE accounts SET state = ?2 WHERE id = ?1", values: [accountId, state] };
}

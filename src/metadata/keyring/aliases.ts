import type { Database, Statement } from "../database.ts";

/** Another name of a key, in one account. */
export interface AliasRow {
  accountId: string;
  /** With its `alias/`. */
  name: string;
  keyId: string;
  createdMs: number;
  updatedMs: number;
}

const ALIAS_COLUMNS = `account_id AS "accountId", name, key_id AS "keyId", created_ms AS "createdMs", updated_ms AS "updatedMs"`;

/** Aliases of keys. */
export class AliasTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async find(accountId: string, name: string): Promise<AliasRow | null> {
    const [row] = await this.#database.all<AliasRow>(
      `SELECT ${ALIAS_COLUMNS} FROM kms_aliases WHERE account_id = ?1 AND name = ?2`,
      accountId,
      name,
    );
    return row ?? null;
  }

  /** A page of an account's aliases by name, after `after`; one more than `limit` if there are more. */
  list(accountId: string, after: string, limit: number): Promise<AliasRow[]> {
    return this.#database.all<AliasRow>(
      `SELECT ${ALIAS_COLUMNS} FROM kms_aliases WHERE account_id = ?1 AND name > ?2 ORDER BY name LIMIT ?3`,
      accountId,
      after,
      limit + 1,
    );
  }

  /** The same of one key. */
  ofKey(keyId: string, after: string, limit: number): Promise<AliasRow[]> {
    return this.#database.all<AliasRow>(
      `SELECT ${ALIAS_COLUMNS} FROM kms_aliases WHERE key_id = ?1 AND name > ?2 ORDER BY name LIMIT ?3`,
      keyId,
      after,
      limit + 1,
    );
  }
}

/** Fails its batch with `TakenError` if the account has the alias already. */
export function insertAlias({ accountId, name, keyId, createdMs }: Omit<AliasRow, "updatedMs">): Statement {
  return {
    sql: "INSERT INTO kms_aliases (account_id, name, key_id, created_ms, updated_ms) VALUES (?1, ?2, ?3, ?4, ?4)",
    values: [accountId, name, keyId, createdMs],
  };
}

export function moveAlias({
  accountId,
  name,
  keyId,
  updatedMs,
}: Pick<AliasRow, "accountId" | "name" | "keyId" | "updatedMs">): Statement {
  return {
    sql: "UPDATE kms_aliases SET key_id = ?3, updated_ms = ?4 WHERE account_id = ?1 AND name = ?2",
    values: [accountId, name, keyId, updatedMs],
  };
}

export function deleteAlias({ accountId, name }: Pick<AliasRow, "accountId" | "name">): Statement {
  return { sql: "DELETE FROM kms_aliases WHERE account_id = ?1 AND name = ?2", values: [accountId, name] };
}

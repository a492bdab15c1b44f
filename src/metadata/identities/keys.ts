import type { Database, Statement } from "../database.ts";

/** Key ids that one statement reads or notes at most. */
const KEYS_PER_CALL_MAX = 1_000;

export interface AccessKeyRow {
  /** `AKIA…` */
  id: string;
  accountId: string;
  /** The user's unique id, or the account's id for a root key. */
  ownerId: string;
  /** Sealed; opaque here. */
  secret: string;
  status: "Active" | "Inactive";
  createdMs: number;
  usedMs: number | null;
  usedService: string | null;
  usedRegion: string | null;
}

/** A key without its secret, as listings show it. */
export type ListedKey = Omit<AccessKeyRow, "secret">;

/** A use of a key, for GetAccessKeyLastUsed. */
export interface KeyUse {
  keyId: string;
  usedMs: number;
  service: string;
  region: string;
}

const LISTED_COLUMNS = `id, account_id AS "accountId", owner_id AS "ownerId", status, created_ms AS "createdMs",
  used_ms AS "usedMs", used_service AS "usedService", used_region AS "usedRegion"`;

/** Access keys of users, and root keys of all accounts but the first. */
export class KeyTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async find(id: string): Promise<ListedKey | null> {
    const [row] = await this.#database.all<ListedKey>(`SELECT ${LISTED_COLUMNS} FROM access_keys WHERE id = ?1`, id);
    return row ?? null;
  }

  /** All keys of an owner, by id. There are few: the quota is two. */
  ofOwner(ownerId: string): Promise<ListedKey[]> {
    return this.#database.all<ListedKey>(
      `SELECT ${LISTED_COLUMNS} FROM access_keys WHERE owner_id = ?1 ORDER BY id`,
      ownerId,
    );
  }

  /** The keys of several owners, by owner. */
  async ofOwners(ownerIds: readonly string[]): Promise<Map<string, ListedKey[]>> {
    const rows = await this.#database.all<ListedKey>(
      `SELECT ${LISTED_COLUMNS.replace(/^id/, "k.id")} FROM json_each(?1) j CROSS JOIN access_keys k ON k.owner_id = j.value
       ORDER BY k.owner_id, k.id`,
      JSON.stringify(ownerIds),
    );
    return Map.groupBy(rows, ({ ownerId }) => ownerId);
  }

  /** A page of all keys with their sealed secrets, by id: for sealing them again under another root key. */
  sealed(after: string, limit: number): Promise<{ id: string; secret: string }[]> {
    return this.#database.all(`SELECT id, secret FROM access_keys WHERE id > ?1 ORDER BY id LIMIT ?2`, after, limit);
  }

  /** Replaces sealed secrets, each only if it is still `from`. The secrets themselves stay, so no epoch is raised. */
  async reseal(changes: readonly { id: string; from: string; to: string }[]): Promise<void> {
    await this.#database.batch([
      {
        sql: `UPDATE access_keys SET secret = c.value ->> 'to' FROM json_each(?1) c
              WHERE access_keys.id = c.value ->> 'id' AND access_keys.secret = c.value ->> 'from'`,
        values: [JSON.stringify(changes.slice(0, KEYS_PER_CALL_MAX))],
      },
    ]);
  }

  /** Notes when keys were used last. Raises no epoch: nothing is decided by it. */
  async noteUses(uses: readonly KeyUse[]): Promise<void> {
    await this.#database.batch([
      {
        sql: `UPDATE access_keys SET used_ms = u.value ->> 'usedMs', used_service = u.value ->> 'service',
                used_region = u.value ->> 'region'
              FROM json_each(?1) u
              WHERE access_keys.id = u.value ->> 'keyId' AND coalesce(access_keys.used_ms, 0) < u.value ->> 'usedMs'`,
        values: [JSON.stringify(uses.slice(0, KEYS_PER_CALL_MAX))],
      },
    ]);
  }

  /** Notes when roles were used last, for GetRole. As `noteUses`. */
  async noteRoleUses(uses: readonly { roleId: string; usedMs: number; region: string }[]): Promise<void> {
    await this.#database.batch([
      {
        sql: `UPDATE entities SET used_ms = u.value ->> 'usedMs', used_region = u.value ->> 'region'
              FROM json_each(?1) u
              WHERE entities.id = u.value ->> 'roleId' AND coalesce(entities.used_ms, 0) < u.value ->> 'usedMs'`,
        values: [JSON.stringify(uses.slice(0, KEYS_PER_CALL_MAX))],
      },
    ]);
  }
}

/** Throws `TakenError` in its batch if the id is taken. */
export function insertKey(key: Pick<AccessKeyRow, "id" | "accountId" | "ownerId" | "secret" | "createdMs">): Statement {
  return {
    sql: `INSERT INTO access_keys (id, account_id, owner_id, secret, status, created_ms)
          VALUES (?1, ?2, ?3, ?4, 'Active', ?5)`,
    values: [key.id, key.accountId, key.ownerId, key.secret, key.createdMs],
  };
}

export function setKeyStatus(id: string, status: AccessKeyRow["status"]): Statement {
  return { sql: "UPDATE access_keys SET status = ?2 WHERE id = ?1", values: [id, status] };
}

export function deleteKey(id: string): Statement {
  return { sql: "DELETE FROM access_keys WHERE id = ?1", values: [id] };
}

/** All keys of an owner: of an account's root when it gets another one. */
export function deleteKeysOf(ownerId: string): Statement {
  return { sql: "DELETE FROM access_keys WHERE owner_id = ?1", values: [ownerId] };
}

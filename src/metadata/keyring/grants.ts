import type { Database, Statement } from "../database.ts";
import { jsonOrNull, parseJson } from "../rows.ts";

/** What a grant demands of the encryption context. */
export interface GrantConstraints {
  /** All of these must be in it. */
  EncryptionContextSubset?: Record<string, string>;
  /** It must be exactly this. */
  EncryptionContextEquals?: Record<string, string>;
}

/** Lets a principal use a key. */
export interface GrantRow {
  /** 64 hex digits. */
  id: string;
  keyId: string;
  /** Of the account that made it. */
  accountId: string;
  name: string | null;
  /** The principal that may use the key: the unique id of a user or role, or an ARN. */
  grantee: string;
  /** The principal that may retire the grant, in the same way. */
  retiring: string | null;
  /** `Decrypt`, `GenerateDataKey` … */
  operations: string[];
  constraints: GrantConstraints | null;
  createdMs: number;
}

/** A grant with the account of its key. */
export type RetirableGrant = GrantRow & { keyAccountId: string };

export type RawGrant = Omit<GrantRow, "operations" | "constraints"> & {
  operations: string;
  constraints: string | null;
};

const GRANT_COLUMNS = `g.id, g.key_id AS "keyId", g.account_id AS "accountId", g.name, g.grantee, g.retiring, g.operations, g.constraints,
  g.created_ms AS "createdMs"`;

/** Grants of keys. Their number is bounded for each key. */
export class GrantTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async find(id: string): Promise<GrantRow | null> {
    const [row] = await this.#database.all<RawGrant>(`SELECT ${GRANT_COLUMNS} FROM kms_grants g WHERE g.id = ?1`, id);
    return row === undefined ? null : parseGrant(row);
  }

  /** A page of the grants that a principal, by either of its names, may retire, by id, after `after`; one more than `limit` if there are more. */
  async retirableBy(names: readonly [string, string], after: string, limit: number): Promise<RetirableGrant[]> {
    const rows = await this.#database.all<RawGrant & { keyAccountId: string }>(
      `SELECT ${GRANT_COLUMNS}, k.account_id AS "keyAccountId" FROM kms_grants g JOIN kms_keys k ON k.id = g.key_id
       WHERE g.retiring IN (?1, ?4) AND g.id > ?2 ORDER BY g.id LIMIT ?3`,
      names[0],
      after,
      limit + 1,
      names[1],
    );
    return rows.map(({ keyAccountId, ...raw }) => ({ ...parseGrant(raw), keyAccountId }));
  }
}

/** All grants of a key, by id. `keyId`: SQL over `values`. */
export function grantsOf(keyId: string, values: Statement["values"]): Statement {
  return { sql: `SELECT ${GRANT_COLUMNS} FROM kms_grants g WHERE g.key_id = ${keyId} ORDER BY g.id`, values };
}

export function parseGrant(raw: RawGrant): GrantRow {
  return { ...raw, operations: JSON.parse(raw.operations), constraints: parseJson<GrantConstraints>(raw.constraints) };
}

export function insertGrant(grant: GrantRow): Statement {
  return {
    sql: `INSERT INTO kms_grants (id, key_id, account_id, name, grantee, retiring, operations, constraints, created_ms)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`,
    values: [
      ...[grant.id, grant.keyId, grant.accountId, grant.name, grant.grantee, grant.retiring],
      ...[JSON.stringify(grant.operations), jsonOrNull(grant.constraints), grant.createdMs],
    ],
  };
}

export function deleteGrant(id: string): Statement {
  return { sql: "DELETE FROM kms_grants WHERE id = ?1", values: [id] };
}

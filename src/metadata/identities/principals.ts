import type { Database, Statement } from "../database.ts";
import { parseJson, type TagRow } from "../rows.ts";
import type { AccountRow } from "./accounts.ts";
import { type RateLimit, rateLimitJson } from "./rate-limits.ts";

/** A policy that holds for a principal. */
export interface HeldPolicy {
  /** The managed policy's ARN, or the inline policy's name. */
  name: string;
  /** Null for a managed policy that is no row: AWS's own, by its ARN. */
  document: string | null;
  /** The user's or role's own, one of its groups', or the permissions boundary. */
  by: "self" | "group" | "boundary";
}

/** The user or role that a key or session belongs to. */
export interface HeldEntity {
  id: string;
  kind: "user" | "role";
  name: string;
  path: string;
  tags: TagRow[];
  createdMs: number;
  /** Of a role. */
  maxSessionSeconds: number | null;
}

export interface HeldIdentity {
  account: Pick<AccountRow, "id" | "canonicalId" | "name" | "state" | "accessEpoch" | "rootSessionsFromMs">;
  /** Of the account; null: none. */
  accountRate: RateLimit | null;
  /** Null: the account's root. */
  entity: HeldEntity | null;
  policies: HeldPolicy[];
}

export interface HeldKey extends HeldIdentity {
  /** Of the key alone; null: none. */
  keyRate: RateLimit | null;
  /** Sealed. */
  secret: string;
  status: "Active" | "Inactive";
  usedMs: number | null;
}

interface RawIdentity {
  accountRate: string | null;
  accountId: string;
  canonicalId: string;
  accountName: string;
  state: AccountRow["state"];
  accessEpoch: number;
  rootSessionsFromMs: number;
  id: string | null;
  kind: "user" | "role" | null;
  name: string | null;
  path: string | null;
  tags: string | null;
  createdMs: number | null;
  maxSessionSeconds: number | null;
}

type RawKey = RawIdentity & {
  keyRate: string | null;
  ownerId: string;
  secret: string;
  status: HeldKey["status"];
  usedMs: number | null;
};

const IDENTITY_COLUMNS = `a.id AS "accountId", a.canonical_id AS "canonicalId", a.name AS "accountName", a.state,
  a.access_epoch AS "accessEpoch", a.root_sessions_from_ms AS "rootSessionsFromMs", e.id, e.kind, e.name, e.path, e.tags, e.created_ms AS "createdMs",
  e.max_session_seconds AS "maxSessionSeconds", ${rateLimitJson("a.id", "''")} AS "accountRate"`;

/**
 * What must be known of a principal to verify and decide its requests: one round trip, all of it of one moment, and about two
 * rows for each policy. The batches may be joined with other statements of the same database.
 */
export class PrincipalQueries {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The owner of an access key and all policies that hold for it. Null: there is no such key, or its owner is gone. */
  async ofKey(keyId: string): Promise<HeldKey | null> {
    const owner = "(SELECT owner_id FROM access_keys WHERE id = ?1)";
    const [[row], policies] = await this.#database.batch<[RawKey, HeldPolicy]>([
      {
        sql: `SELECT ${IDENTITY_COLUMNS}, k.owner_id AS "ownerId", k.secret, k.status, k.used_ms AS "usedMs",
                ${rateLimitJson("a.id", "k.id")} AS "keyRate"
              FROM access_keys k JOIN accounts a ON a.id = k.account_id LEFT JOIN entities e ON e.id = k.owner_id
              WHERE k.id = ?1`,
        values: [keyId],
      },
      heldPolicies(owner, keyId),
    ]);
    if (row === undefined || (row.id === null && row.ownerId !== row.accountId)) return null;
    const { secret, status, usedMs } = row;
    return { ...parseIdentity(row, policies), keyRate: parseJson<RateLimit>(row.keyRate), secret, status, usedMs };
  }

  /** The same for a user or role by its unique id, as sessions name it. Null: it is gone. */
  async ofEntity(entityId: string): Promise<HeldIdentity | null> {
    const [[row], policies] = await this.#database.batch<[RawIdentity, HeldPolicy]>([
      {
        sql: `SELECT ${IDENTITY_COLUMNS} FROM entities e JOIN accounts a ON a.id = e.account_id WHERE e.id = ?1`,
        values: [entityId],
      },
      heldPolicies("?1", entityId),
    ]);
    return row === undefined ? null : parseIdentity(row, policies);
  }

  /** The root of an account, by the account's id. */
  async ofRoot(accountId: string): Promise<HeldIdentity | null> {
    const [row] = await this.#database.all<RawIdentity>(
      `SELECT ${IDENTITY_COLUMNS} FROM accounts a LEFT JOIN entities e ON FALSE WHERE a.id = ?1`,
      accountId,
    );
    return row === undefined ? null : parseIdentity(row, []);
  }
}

function parseIdentity(row: RawIdentity, policies: HeldPolicy[]): HeldIdentity {
  const { accountId: id, canonicalId, accountName: name, state, accessEpoch, rootSessionsFromMs } = row;
  return {
    account: { id, canonicalId, name, state, accessEpoch, rootSessionsFromMs },
    accountRate: parseJson<RateLimit>(row.accountRate),
    entity: parseEntity(row),
    policies,
  };
}

function parseEntity(row: RawIdentity): HeldEntity | null {
  if (row.id === null) return null;
  return {
    id: row.id,
    kind: row.kind as HeldEntity["kind"],
    name: row.name as string,
    path: row.path as string,
    tags: parseJson<TagRow[]>(row.tags) ?? [],
    createdMs: row.createdMs as number,
    maxSessionSeconds: row.maxSessionSeconds,
  };
}

/** Inline and managed policies of an entity and of its groups, and its boundary. `entity`: SQL over ?1. */
function heldPolicies(entity: string, value: string): Statement {
  const holders = `SELECT ${entity} AS id, 'self' AS by UNION ALL SELECT group_id, 'group' FROM memberships WHERE user_id = ${entity}`;
  return {
    sql: `WITH holders AS (${holders})
          SELECT i.name, i.document, h.by FROM holders h CROSS JOIN inline_policies i ON i.entity_id = h.id
          UNION ALL
          SELECT t.policy_arn, p.document, h.by
          FROM holders h CROSS JOIN attachments t ON t.entity_id = h.id LEFT JOIN policies p ON p.arn = t.policy_arn
          UNION ALL
          SELECT e.boundary, p.document, 'boundary'
          FROM entities e LEFT JOIN policies p ON p.arn = e.boundary WHERE e.id = ${entity} AND e.boundary IS NOT NULL`,
    values: [value],
  };
}

import type { Database, Statement } from "../database.ts";
import { jsonOrNull, parseJson, type TagRow } from "../rows.ts";
import { type EntityKind, fold } from "./entities.ts";

/** A customer managed policy. */
export interface PolicyRow {
  arn: string;
  /** `ANPA…` */
  id: string;
  accountId: string;
  name: string;
  path: string;
  description: string | null;
  createdMs: number;
  updatedMs: number;
  /** 3 for `v3`. */
  defaultVersion: number;
  /** The number that was given last. */
  lastVersion: number;
  /** To how many users, groups and roles it is attached. */
  attachments: number;
  tags: TagRow[];
  /** Of the default version. */
  document: string;
}

export interface PolicyVersionRow {
  version: number;
  createdMs: number;
  document: string;
}

/** Who has a policy attached, or as a boundary. */
export interface PolicyHolder {
  id: string;
  kind: EntityKind;
  name: string;
  path: string;
}

type RawPolicy = Omit<PolicyRow, "tags"> & { tags: string | null };

const POLICY_COLUMNS = `p.arn, p.id, p.account_id AS "accountId", p.name, p.path, p.description, p.created_ms AS "createdMs",
  p.updated_ms AS "updatedMs", p.default_version AS "defaultVersion", p.last_version AS "lastVersion", p.attachments, p.tags,
  p.document`;

/** Customer managed policies, their versions, and what is attached to whom. AWS's own policies are attached by ARN and are no rows. */
export class PolicyTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async find(arn: string): Promise<PolicyRow | null> {
    const [row] = await this.#database.all<RawPolicy>(`SELECT ${POLICY_COLUMNS} FROM policies p WHERE arn = ?1`, arn);
    return row === undefined ? null : parsePolicyRow(row);
  }

  async findByName(accountId: string, name: string): Promise<PolicyRow | null> {
    const [row] = await this.#database.all<RawPolicy>(
      `SELECT ${POLICY_COLUMNS} FROM policies p WHERE account_id = ?1 AND folded = ?2`,
      accountId,
      fold(name),
    );
    return row === undefined ? null : parsePolicyRow(row);
  }

  /** A page in order of names, one more than `limit` if there are more. */
  async list(page: { accountId: string; after: string; limit: number; pathPrefix: string }): Promise<PolicyRow[]> {
    const rows = await this.#database.all<RawPolicy>(
      `SELECT ${POLICY_COLUMNS} FROM policies p INDEXED BY policies_by_name
       WHERE account_id = ?1 AND folded > ?2 AND path >= ?4 AND path < ?4 || ?5
       ORDER BY folded LIMIT ?3`,
      page.accountId,
      fold(page.after),
      page.limit + 1,
      page.pathPrefix,
      "\uffff",
    );
    return rows.map(parsePolicyRow);
  }

  /** All versions, newest first. There are five at most. */
  versions(arn: string): Promise<PolicyVersionRow[]> {
    return this.#database.all(
      `SELECT version, created_ms AS "createdMs", document FROM policy_versions WHERE arn = ?1 ORDER BY version DESC`,
      arn,
    );
  }

  /** The versions of several policies, by ARN. */
  async versionsOf(arns: readonly string[]): Promise<Map<string, PolicyVersionRow[]>> {
    const rows = await this.#database.all<PolicyVersionRow & { arn: string }>(
      `SELECT v.arn, v.version, v.created_ms AS "createdMs", v.document
       FROM json_each(?1) j CROSS JOIN policy_versions v ON v.arn = j.value ORDER BY v.arn, v.version DESC`,
      JSON.stringify(arns),
    );
    return Map.groupBy(rows, ({ arn }) => arn);
  }

  /** Default versions of several policies, by ARN; AWS's own are missing. */
  async documents(arns: readonly string[]): Promise<Map<string, string>> {
    const rows = await this.#database.all<{ arn: string; document: string }>(
      "SELECT p.arn, p.document FROM json_each(?1) j CROSS JOIN policies p ON p.arn = j.value",
      JSON.stringify(arns),
    );
    return new Map(rows.map(({ arn, document }) => [arn, document]));
  }

  /** How often each of an account's policies is attached and used as a boundary: for AWS's own policies, which have no row. */
  async usage(
    accountId: string,
    arns: readonly string[],
  ): Promise<Map<string, { attachments: number; boundaries: number }>> {
    const rows = await this.#database.all<{ arn: string; attachments: number; boundaries: number }>(
      `SELECT j.value AS arn,
         (SELECT count(*) FROM attachments t WHERE t.account_id = ?2 AND t.policy_arn = j.value) AS attachments,
         (SELECT count(*) FROM entities e WHERE e.account_id = ?2 AND e.boundary = j.value) AS boundaries
       FROM json_each(?1) j`,
      JSON.stringify(arns),
      accountId,
    );
    return new Map(rows.map(({ arn, attachments, boundaries }) => [arn, { attachments, boundaries }]));
  }

  /**
   * A page of those a policy is attached to, or who have it as their boundary, by id; one more than `limit` if there are more.
   * `kind`: of that kind alone; null: of none.
   */
  async holders(page: {
    accountId: string;
    arn: string;
    usage: "attached" | "boundary";
    kind: EntityKind | null | undefined;
    pathPrefix: string;
    afterId: string;
    limit: number;
  }): Promise<PolicyHolder[]> {
    if (page.kind === null) return [];
    const from =
      page.usage === "attached"
        ? `attachments t CROSS JOIN entities e ON e.id = t.entity_id
           WHERE t.account_id = ?1 AND t.policy_arn = ?2 AND t.entity_id > ?3`
        : `entities e WHERE e.account_id = ?1 AND e.boundary = ?2 AND e.id > ?3`;
    return this.#database.all<PolicyHolder>(
      `SELECT e.id, e.kind, e.name, e.path FROM ${from} AND (?5 IS NULL OR e.kind = ?5) AND e.path >= ?6 AND e.path < ?6 || ?7
       ORDER BY ${page.usage === "attached" ? "t.entity_id" : "e.id"} LIMIT ?4`,
      page.accountId,
      page.arn,
      page.afterId,
      page.limit + 1,
      page.kind ?? null,
      page.pathPrefix,
      "\uffff",
    );
  }
}

function parsePolicyRow(raw: RawPolicy): PolicyRow {
  return { ...raw, tags: parseJson<TagRow[]>(raw.tags) ?? [] };
}

/** A new policy with its version 1. Throws `TakenError` in its batch if the name is taken. */
export function insertPolicy(policy: Omit<PolicyRow, "attachments" | "defaultVersion" | "lastVersion">): Statement[] {
  const { arn, id, accountId, name, path, description, createdMs, updatedMs, tags, document } = policy;
  return [
    {
      sql: `INSERT INTO policies (arn, id, account_id, folded, name, path, description, created_ms, updated_ms, default_version,
              last_version, tags, document)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1, 1, ?10, ?11)`,
      values: [
        arn,
        id,
        accountId,
        fold(name),
        name,
        path,
        description,
        createdMs,
        updatedMs,
        jsonOrNull(tags.length === 0 ? null : tags),
        document,
      ],
    },
    insertVersion(arn, { version: 1, createdMs, document }),
  ];
}

/** Adds a version, and makes it the default if it is said so. */
export function addVersion(arn: string, version: PolicyVersionRow, options: { isDefault: boolean }): Statement[] {
  const added: Statement[] = [
    insertVersion(arn, version),
    {
      sql: "UPDATE policies SET last_version = ?2, updated_ms = ?3 WHERE arn = ?1",
      values: [arn, version.version, version.createdMs],
    },
  ];
  return options.isDefault ? [...added, setDefaultVersion(arn, version.version, version.createdMs)] : added;
}

export function setDefaultVersion(arn: string, version: number, nowMs: number): Statement {
  return {
    sql: `UPDATE policies SET default_version = ?2, updated_ms = ?3,
            document = (SELECT document FROM policy_versions WHERE arn = ?1 AND version = ?2) WHERE arn = ?1`,
    values: [arn, version, nowMs],
  };
}

export function deleteVersion(arn: string, version: number): Statement {
  return { sql: "DELETE FROM policy_versions WHERE arn = ?1 AND version = ?2", values: [arn, version] };
}

/** Deletes a policy and its versions. */
export function deletePolicyRows(arn: string): Statement[] {
  return [
    { sql: "DELETE FROM policy_versions WHERE arn = ?1", values: [arn] },
    { sql: "DELETE FROM policies WHERE arn = ?1", values: [arn] },
  ];
}

export function setPolicyTags(arn: string, tags: readonly TagRow[]): Statement {
  return {
    sql: "UPDATE policies SET tags = ?2 WHERE arn = ?1",
    values: [arn, jsonOrNull(tags.length === 0 ? null : tags)],
  };
}

/** Attaches a policy that is not attached yet. */
export function attach(accountId: string, entityId: string, arn: string): Statement[] {
  return [
    {
      sql: "INSERT INTO attachments (entity_id, policy_arn, account_id) VALUES (?1, ?2, ?3)",
      values: [entityId, arn, accountId],
    },
    { sql: "UPDATE policies SET attachments = attachments + 1 WHERE arn = ?1", values: [arn] },
  ];
}

/** Detaches a policy that is attached. */
export function detach(entityId: string, arn: string): Statement[] {
  return [
    { sql: "DELETE FROM attachments WHERE entity_id = ?1 AND policy_arn = ?2", values: [entityId, arn] },
    { sql: "UPDATE policies SET attachments = attachments - 1 WHERE arn = ?1", values: [arn] },
  ];
}

function insertVersion(arn: string, { version, createdMs, document }: PolicyVersionRow): Statement {
  return {
    sql: "INSERT INTO policy_versions (arn, version, created_ms, document) VALUES (?1, ?2, ?3, ?4)",
    values: [arn, version, createdMs, document],
  };
}

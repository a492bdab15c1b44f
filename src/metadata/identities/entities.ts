import type { Database, Statement } from "../database.ts";
import { jsonOrNull, parseJson, type TagRow } from "../rows.ts";

export type EntityKind = "user" | "group" | "role";

/** A user, group or role. */
export interface EntityRow {
  /** `AIDA…`, `AGPA…` or `AROA…`. Never reused. */
  id: string;
  accountId: string;
  kind: EntityKind;
  name: string;
  path: string;
  createdMs: number;
  /** Of users and roles. */
  tags: TagRow[];
  /** ARN of the permissions boundary of a user or role. */
  boundary: string | null;
  /** The next five are null unless it is a role. */
  trust: string | null;
  description: string | null;
  maxSessionSeconds: number | null;
  usedMs: number | null;
  usedRegion: string | null;
}

export interface InlinePolicyRow {
  name: string;
  document: string;
}

/** An entity and the names of managed policies and inline policies that it has. */
export interface EntityDetails {
  entity: EntityRow;
  inline: InlinePolicyRow[];
  attached: string[];
}

type RawEntity = Omit<EntityRow, "tags"> & { tags: string | null };

const ENTITY_COLUMNS = `e.id, e.account_id AS "accountId", e.kind, e.name, e.path, e.created_ms AS "createdMs", e.tags, e.boundary,
  e.trust, e.description, e.max_session_seconds AS "maxSessionSeconds", e.used_ms AS "usedMs", e.used_region AS "usedRegion"`;

/** Where a listing of entities stands. */
export interface EntityPage {
  accountId: string;
  kind: EntityKind;
  /** `/` for all. */
  pathPrefix: string;
  /** The last entity of the page before; null: from the start. */
  after: Pick<EntityRow, "name" | "path"> | null;
  limit: number;
}

/** Users, groups and roles. Names are unique in an account and kind, whatever their case. */
export class EntityTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async find(accountId: string, kind: EntityKind, name: string): Promise<EntityRow | null> {
    const [row] = await this.#database.all<RawEntity>(
      `SELECT ${ENTITY_COLUMNS} FROM entities e WHERE account_id = ?1 AND kind = ?2 AND folded = ?3`,
      accountId,
      kind,
      fold(name),
    );
    return row === undefined ? null : parseEntity(row);
  }

  async findById(id: string): Promise<EntityRow | null> {
    const [row] = await this.#database.all<RawEntity>(`SELECT ${ENTITY_COLUMNS} FROM entities e WHERE id = ?1`, id);
    return row === undefined ? null : parseEntity(row);
  }

  /** Those that have these ids. */
  async withIds(ids: readonly string[]): Promise<EntityRow[]> {
    const rows = await this.#database.all<RawEntity>(
      `SELECT ${ENTITY_COLUMNS} FROM json_each(?1) j CROSS JOIN entities e ON e.id = j.value`,
      JSON.stringify(ids),
    );
    return rows.map(parseEntity);
  }

  /** Those that have these names, whatever their paths. */
  async named(names: readonly Pick<EntityRow, "accountId" | "kind" | "name">[]): Promise<EntityRow[]> {
    const rows = await this.#database.all<RawEntity>(
      `SELECT ${ENTITY_COLUMNS} FROM json_each(?1) j CROSS JOIN entities e
         ON e.account_id = j.value ->> 0 AND e.kind = j.value ->> 1 AND e.folded = j.value ->> 2`,
      JSON.stringify(names.map(({ accountId, kind, name }) => [accountId, kind, fold(name)])),
    );
    return rows.map(parseEntity);
  }

  /**
   * A page, in order of names, or of paths if a prefix is given; one more than `limit` if there are more. Two rows read for each
   * entity, however many there are.
   */
  async list({ accountId, kind, pathPrefix, after, limit }: EntityPage): Promise<EntityRow[]> {
    const rows =
      pathPrefix === "/"
        ? await this.#database.all<RawEntity>(
            `SELECT ${ENTITY_COLUMNS} FROM entities e INDEXED BY entities_by_name
             WHERE account_id = ?1 AND kind = ?2 AND folded > ?3 ORDER BY folded LIMIT ?4`,
            accountId,
            kind,
            after === null ? "" : fold(after.name),
            limit + 1,
          )
        : await this.#database.all<RawEntity>(
            `SELECT ${ENTITY_COLUMNS} FROM entities e INDEXED BY entities_by_path
             WHERE account_id = ?1 AND kind = ?2 AND (path, folded) > (?3, ?4) AND path < ?5
             ORDER BY path, folded LIMIT ?6`,
            accountId,
            kind,
            ...(after !== null && after.path >= pathPrefix ? [after.path, fold(after.name)] : [pathPrefix, ""]),
            pathPrefix + AFTER_ALL,
            limit + 1,
          );
    return rows.map(parseEntity);
  }

  /** A page of names and documents of inline policies, one more than `limit` if there are more. */
  inlinePolicies(entityId: string, after: string, limit: number): Promise<InlinePolicyRow[]> {
    return this.#database.all(
      "SELECT name, document FROM inline_policies WHERE entity_id = ?1 AND name > ?2 ORDER BY name LIMIT ?3",
      entityId,
      after,
      limit + 1,
    );
  }

  async inlinePolicy(entityId: string, name: string): Promise<string | null> {
    const [row] = await this.#database.all<{ document: string }>(
      "SELECT document FROM inline_policies WHERE entity_id = ?1 AND name = ?2",
      entityId,
      name,
    );
    return row?.document ?? null;
  }

  /** A page of ARNs of attached policies, one more than `limit` if there are more. */
  async attached(entityId: string, after: string, limit: number): Promise<string[]> {
    const rows = await this.#database.all<{ arn: string }>(
      "SELECT policy_arn AS arn FROM attachments WHERE entity_id = ?1 AND policy_arn > ?2 ORDER BY policy_arn LIMIT ?3",
      entityId,
      after,
      limit + 1,
    );
    return rows.map(({ arn }) => arn);
  }

  /** A page of a group's users by their ids; one more than `limit` if there are more. */
  async usersOf(groupId: string, afterId: string, limit: number): Promise<EntityRow[]> {
    const rows = await this.#database.all<RawEntity>(
      `SELECT ${ENTITY_COLUMNS} FROM memberships m CROSS JOIN entities e ON e.id = m.user_id
       WHERE m.group_id = ?1 AND m.user_id > ?2 ORDER BY m.user_id LIMIT ?3`,
      groupId,
      afterId,
      limit + 1,
    );
    return rows.map(parseEntity);
  }

  /** A page of a user's groups by their ids; one more than `limit` if there are more. */
  async groupsOf(userId: string, afterId: string, limit: number): Promise<EntityRow[]> {
    const rows = await this.#database.all<RawEntity>(
      `SELECT ${ENTITY_COLUMNS} FROM memberships m CROSS JOIN entities e ON e.id = m.group_id
       WHERE m.user_id = ?1 AND m.group_id > ?2 ORDER BY m.group_id LIMIT ?3`,
      userId,
      afterId,
      limit + 1,
    );
    return rows.map(parseEntity);
  }

  /** What deleting an entity would leave behind. */
  async dependents(
    entityId: string,
  ): Promise<{ keys: number; groups: number; users: number; attached: number; inline: number }> {
    const some = (table: string, column: string) => `EXISTS (SELECT 1 FROM ${table} WHERE ${column} = ?1)`;
    const [row] = await this.#database.all<{
      keys: number;
      groups: number;
      users: number;
      attached: number;
      inline: number;
    }>(
      `SELECT ${some("access_keys", "owner_id")} AS keys, ${some("memberships", "user_id")} AS groups,
         ${some("memberships", "group_id")} AS users, ${some("attachments", "entity_id")} AS attached,
         ${some("inline_policies", "entity_id")} AS inline`,
      entityId,
    );
    return row as { keys: number; groups: number; users: number; attached: number; inline: number };
  }

  /** Entities with all their policies, in one round trip and of one moment; for those that GetAccountAuthorizationDetails lists. */
  async details(entities: readonly EntityRow[]): Promise<EntityDetails[]> {
    const values = [JSON.stringify(entities.map(({ id }) => id))];
    const [inline, attached] = await this.#database.batch<
      [InlinePolicyRow & { id: string }, { id: string; arn: string }]
    >([
      {
        sql: `SELECT i.entity_id AS id, i.name, i.document FROM json_each(?1) j CROSS JOIN inline_policies i ON i.entity_id = j.value`,
        values,
      },
      {
        sql: `SELECT t.entity_id AS id, t.policy_arn AS arn FROM json_each(?1) j CROSS JOIN attachments t ON t.entity_id = j.value`,
        values,
      },
    ]);
    return entities.map((entity) => ({
      entity,
      inline: inline.filter(({ id }) => id === entity.id).map(({ name, document }) => ({ name, document })),
      attached: attached.filter(({ id }) => id === entity.id).map(({ arn }) => arn),
    }));
  }

  /** The groups of each of these users, by the user's id. */
  async groupNames(userIds: readonly string[]): Promise<Map<string, string[]>> {
    const rows = await this.#database.all<{ id: string; name: string }>(
      `SELECT m.user_id AS id, e.name FROM json_each(?1) j CROSS JOIN memberships m ON m.user_id = j.value
       CROSS JOIN entities e ON e.id = m.group_id`,
      JSON.stringify(userIds),
    );
    const groups = new Map<string, string[]>(userIds.map((id) => [id, []]));
    for (const { id, name } of rows) groups.get(id)?.push(name);
    return groups;
  }
}

/** Behind every character that a path or name may have (U+FFFF; names and paths are ASCII). */
const AFTER_ALL = "\uffff";

/** Names that differ by case alone are the same name. */
export function fold(name: string): string {
  return name.toLowerCase();
}

function parseEntity(raw: RawEntity): EntityRow {
  return { ...raw, tags: parseJson<TagRow[]>(raw.tags) ?? [] };
}

/** Throws `TakenError` in its batch if the name is taken. */
export function insertEntity(entity: EntityRow): Statement {
  return {
    sql: `INSERT INTO entities (id, account_id, kind, folded, name, path, created_ms, tags, boundary, trust, description,
            max_session_seconds)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)`,
    values: [
      entity.id,
      entity.accountId,
      entity.kind,
      fold(entity.name),
      entity.name,
      entity.path,
      entity.createdMs,
      jsonOrNull(entity.tags.length === 0 ? null : entity.tags),
      entity.boundary,
      entity.trust,
      entity.description,
      entity.maxSessionSeconds,
    ],
  };
}

/** Everything about an entity that may change. */
export function updateEntity(entity: EntityRow): Statement {
  return {
    sql: `UPDATE entities SET folded = ?2, name = ?3, path = ?4, tags = ?5, boundary = ?6, trust = ?7, description = ?8,
            max_session_seconds = ?9 WHERE id = ?1`,
    values: [
      entity.id,
      fold(entity.name),
      entity.name,
      entity.path,
      jsonOrNull(entity.tags.length === 0 ? null : entity.tags),
      entity.boundary,
      entity.trust,
      entity.description,
      entity.maxSessionSeconds,
    ],
  };
}

export function deleteEntity(id: string): Statement {
  return { sql: "DELETE FROM entities WHERE id = ?1", values: [id] };
}

export function putInlinePolicy(entityId: string, { name, document }: InlinePolicyRow): Statement {
  return {
    sql: `INSERT INTO inline_policies (entity_id, name, document) VALUES (?1, ?2, ?3)
          ON CONFLICT (entity_id, name) DO UPDATE SET document = excluded.document`,
    values: [entityId, name, document],
  };
}

export function deleteInlinePolicy(entityId: string, name: string): Statement {
  return { sql: "DELETE FROM inline_policies WHERE entity_id = ?1 AND name = ?2", values: [entityId, name] };
}

/** Does nothing if the user is a member already. */
export function insertMembership(groupId: string, userId: string): Statement {
  return { sql: "INSERT OR IGNORE INTO memberships (group_id, user_id) VALUES (?1, ?2)", values: [groupId, userId] };
}

export function deleteMembership(groupId: string, userId: string): Statement {
  return { sql: "DELETE FROM memberships WHERE group_id = ?1 AND user_id = ?2", values: [groupId, userId] };
}

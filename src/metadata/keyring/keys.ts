import type { Database, Statement } from "../database.ts";
import { jsonOrNull, parseJson, type TagRow } from "../rows.ts";
import { type GrantRow, grantsOf, parseGrant, type RawGrant } from "./grants.ts";

export type KeyState = "Enabled" | "Disabled" | "PendingDeletion";

/** A key of the KMS, without its material. */
export interface KmsKeyRow {
  /** A UUID. */
  id: string;
  accountId: string;
  /** AWS: made by a service on first use, as `alias/aws/s3` is. */
  manager: "CUSTOMER" | "AWS";
  state: KeyState;
  createdMs: number;
  description: string;
  /** JSON, as it was set. */
  policy: string;
  tags: TagRow[];
  /** Number of the material that encrypts; 0: the key is held elsewhere. */
  material: number;
  /** Where the key is held, by the configuration's name, and what it is called there; null: here. */
  externalStore: string | null;
  externalKey: string | null;
  /** Null: it is not rotated by itself. */
  rotationDays: number | null;
  /** When it is rotated next. */
  rotationMs: number | null;
  /** Set while the state is PendingDeletion. */
  deletionMs: number | null;
  deletionDays: number | null;
  /** When the key was first found to be due for deletion. */
  condemnedMs: number | null;
}

/** What a key encrypts with. Older ones stay, because what they encrypted must open. */
export interface MaterialRow {
  keyId: string;
  /** From 1. */
  number: number;
  /** 64 hex digits. */
  id: string;
  /** Opaque here. */
  sealed: string;
  createdMs: number;
  /** What made it; null: it is the key's first. */
  rotation: "AUTOMATIC" | "ON_DEMAND" | null;
}

/** A key with all that a decision about it and its use depend on, as of one moment. */
export interface HeldKmsKey {
  key: KmsKeyRow;
  /** Ascending by number; none of a key that is held elsewhere. */
  materials: MaterialRow[];
  grants: GrantRow[];
  /** Its aliases in its account, by name. */
  aliases: string[];
  /** The access epoch of the key's account. Each change of the key raises it. */
  epoch: number;
}

/** How a key is named: by its id, or by an alias of an account. */
export type KeyName =
  | { readonly kind: "id"; readonly id: string }
  | { readonly kind: "alias"; readonly accountId: string; readonly name: string };

type RawKey = Omit<KmsKeyRow, "tags"> & { tags: string | null };

const KEY_COLUMNS = `k.id, k.account_id AS "accountId", k.manager, k.state, k.created_ms AS "createdMs", k.description, k.policy, k.tags,
  k.material, k.external_store AS "externalStore", k.external_key AS "externalKey", k.rotation_days AS "rotationDays",
  k.rotation_ms AS "rotationMs", k.deletion_ms AS "deletionMs", k.deletion_days AS "deletionDays", k.condemned_ms AS "condemnedMs"`;
const MATERIAL_COLUMNS = `m.key_id AS "keyId", m.number, m.id, m.sealed, m.created_ms AS "createdMs", m.rotation`;

/** Keys of all accounts. Reads are one round trip each; changes are statements for one batch that raises the account's epoch. */
export class KmsKeyTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The key, its materials and grants. Null: there is none of that name. */
  async find(name: KeyName): Promise<HeldKmsKey | null> {
    const [found] = await this.findAll([name]);
    return found ?? null;
  }

  /** The same for a few names, in one round trip. */
  async findAll(names: readonly KeyName[]): Promise<(HeldKmsKey | null)[]> {
    const results = await this.#database.batch<unknown[]>(names.flatMap(held));
    return names.map((_, index) => parseHeld(results.slice(PER_KEY * index, PER_KEY * (index + 1))));
  }

  /** A page of an account's keys by id, after `after`; one more than `limit` if there are more. */
  list(accountId: string, after: string, limit: number): Promise<{ id: string }[]> {
    return this.#database.all(
      "SELECT id FROM kms_keys WHERE account_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
      accountId,
      after,
      limit + 1,
    );
  }

  /** Keys whose deletion is due, and those that were due and are no longer. */
  async dueForDeletion(nowMs: number, limit: number): Promise<KmsKeyRow[]> {
    const rows = await this.#database.all<RawKey>(
      `SELECT ${KEY_COLUMNS} FROM kms_keys k WHERE deletion_ms <= ?1 ORDER BY deletion_ms LIMIT ?2`,
      nowMs,
      limit,
    );
    return rows.map(parseKey);
  }

  /** Keys that are to be rotated. */
  async dueForRotation(nowMs: number, limit: number): Promise<KmsKeyRow[]> {
    const rows = await this.#database.all<RawKey>(
      `SELECT ${KEY_COLUMNS} FROM kms_keys k WHERE rotation_ms <= ?1 AND state = 'Enabled' ORDER BY rotation_ms LIMIT ?2`,
      nowMs,
      limit,
    );
    return rows.map(parseKey);
  }

  /** A page of all materials, after one of them. */
  materialsAfter({ keyId, number }: Pick<MaterialRow, "keyId" | "number">, limit: number): Promise<MaterialRow[]> {
    return this.#database.all<MaterialRow>(
      `SELECT ${MATERIAL_COLUMNS} FROM kms_materials m WHERE (key_id, number) > (?1, ?2) ORDER BY key_id, number LIMIT ?3`,
      keyId,
      number,
      limit,
    );
  }

  /** Replaces sealed materials, each only if it is still `from`. The materials themselves stay, so no epoch is raised. */
  async reseal(changes: readonly { keyId: string; number: number; from: string; to: string }[]): Promise<void> {
    await this.#database.batch([
      {
        sql: `UPDATE kms_materials SET sealed = c.value ->> 'to' FROM json_each(?1) c
              WHERE kms_materials.key_id = c.value ->> 'keyId' AND kms_materials.number = c.value ->> 'number'
                AND kms_materials.sealed = c.value ->> 'from'`,
        values: [JSON.stringify(changes)],
      },
    ]);
  }
}

/** How many statements read one key. */
const PER_KEY = 4;

/** The key with its account's epoch, its materials, its grants, its aliases. */
function held(name: KeyName): Statement[] {
  const [id, values] =
    name.kind === "id"
      ? ["?1", [name.id]]
      : ["(SELECT key_id FROM kms_aliases WHERE account_id = ?1 AND name = ?2)", [name.accountId, name.name]];
  return [
    {
      sql: `SELECT ${KEY_COLUMNS}, a.access_epoch AS epoch FROM kms_keys k JOIN accounts a ON a.id = k.account_id WHERE k.id = ${id}`,
      values,
    },
    { sql: `SELECT ${MATERIAL_COLUMNS} FROM kms_materials m WHERE m.key_id = ${id} ORDER BY m.number`, values },
    grantsOf(id, values),
    { sql: `SELECT name FROM kms_aliases WHERE key_id = ${id} ORDER BY name`, values },
  ];
}

function parseHeld([keys, materials, grants, aliases]: unknown[][]): HeldKmsKey | null {
  const row = keys?.[0] as (RawKey & { epoch: number }) | undefined;
  if (row === undefined) return null;
  const { epoch, ...key } = row;
  return {
    key: parseKey(key),
    materials: materials as MaterialRow[],
    grants: (grants as RawGrant[]).map(parseGrant),
    aliases: (aliases as { name: string }[]).map(({ name }) => name),
    epoch,
  };
}

function parseKey(raw: RawKey): KmsKeyRow {
  return { ...raw, tags: parseJson<TagRow[]>(raw.tags) ?? [] };
}

/** What of a key changes during its life. */
export type KeyChange = Partial<
  Pick<
    KmsKeyRow,
    | "state"
    | "description"
    | "policy"
    | "tags"
    | "material"
    | "rotationDays"
    | "rotationMs"
    | "deletionMs"
    | "deletionDays"
    | "condemnedMs"
  >
>;

const CHANGEABLE: Readonly<Record<keyof KeyChange, string>> = {
  state: "state",
  description: "description",
  policy: "policy",
  tags: "tags",
  material: "material",
  rotationDays: "rotation_days",
  rotationMs: "rotation_ms",
  deletionMs: "deletion_ms",
  deletionDays: "deletion_days",
  condemnedMs: "condemned_ms",
};

export function updateKey(id: string, change: KeyChange): Statement {
  const columns = Object.keys(change) as (keyof KeyChange)[];
  const assignments = columns.map((column, index) => `${CHANGEABLE[column]} = ?${index + 2}`);
  const values = columns.map((column) => {
    const value = change[column];
    return Array.isArray(value) ? tagsJson(value) : ((value ?? null) as string | number | null);
  });
  return { sql: `UPDATE kms_keys SET ${assignments.join(", ")} WHERE id = ?1`, values: [id, ...values] };
}

/** Fails its batch with `TakenError` if the id is taken. Counts the key, unless it is AWS's own. */
export function insertKmsKey(key: KmsKeyRow): Statement[] {
  return [
    {
      sql: `INSERT INTO kms_keys (id, account_id, manager, state, created_ms, description, policy, tags, material, external_store, external_key)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)`,
      values: [
        ...[key.id, key.accountId, key.manager, key.state, key.createdMs, key.description, key.policy],
        ...[tagsJson(key.tags), key.material, key.externalStore, key.externalKey],
      ],
    },
    ...(key.manager === "AWS" ? [] : [countKeys(key.accountId, 1)]),
  ];
}

export function insertMaterial({ keyId, number, id, sealed, createdMs, rotation }: MaterialRow): Statement {
  return {
    sql: "INSERT INTO kms_materials (key_id, number, id, sealed, created_ms, rotation) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    values: [keyId, number, id, sealed, createdMs, rotation],
  };
}

/** The key, its material, aliases and grants. What it encrypted opens never again. */
export function deleteKmsKey({ id, accountId, manager }: Pick<KmsKeyRow, "id" | "accountId" | "manager">): Statement[] {
  const from = (table: string, column = "key_id") => ({
    sql: `DELETE FROM ${table} WHERE ${column} = ?1`,
    values: [id],
  });
  return [
    ...[from("kms_grants"), from("kms_aliases"), from("kms_materials"), from("kms_keys", "id")],
    ...(manager === "AWS" ? [] : [countKeys(accountId, -1)]),
  ];
}

function countKeys(accountId: string, difference: number): Statement {
  return { sql: "UPDATE accounts SET key_count = key_count + ?2 WHERE id = ?1", values: [accountId, difference] };
}

function tagsJson(tags: readonly (readonly [string, string])[]): string | null {
  return jsonOrNull(tags.length === 0 ? null : tags);
}

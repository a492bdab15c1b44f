import type { Database, Statement } from "../database.ts";
import { jsonOrNull, parseJson, type TagRow } from "../rows.ts";

/** A registered OpenID Connect provider. */
export interface ProviderRow {
  accountId: string;
  /** The issuer without `https://`: host, port and path, as it is part of the ARN. */
  url: string;
  createdMs: number;
  clientIds: string[];
  /** SHA-1 of certificates, 40 hex digits each. */
  thumbprints: string[];
  tags: TagRow[];
}

type RawProvider = Omit<ProviderRow, "clientIds" | "thumbprints" | "tags"> & {
  clientIds: string;
  thumbprints: string;
  tags: string | null;
};

const PROVIDER_COLUMNS = `account_id AS "accountId", url, created_ms AS "createdMs", client_ids AS "clientIds", thumbprints, tags`;

/** OpenID Connect providers; the quota keeps them few, so a listing is one page. */
export class ProviderTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async find(accountId: string, url: string): Promise<ProviderRow | null> {
    const [row] = await this.#database.all<RawProvider>(
      `SELECT ${PROVIDER_COLUMNS} FROM oidc_providers WHERE account_id = ?1 AND url = ?2`,
      accountId,
      url,
    );
    return row === undefined ? null : parseProvider(row);
  }

  async list(accountId: string): Promise<ProviderRow[]> {
    const rows = await this.#database.all<RawProvider>(
      `SELECT ${PROVIDER_COLUMNS} FROM oidc_providers WHERE account_id = ?1 ORDER BY url`,
      accountId,
    );
    return rows.map(parseProvider);
  }
}

function parseProvider(raw: RawProvider): ProviderRow {
  return {
    ...raw,
    clientIds: JSON.parse(raw.clientIds),
    thumbprints: JSON.parse(raw.thumbprints),
    tags: parseJson<TagRow[]>(raw.tags) ?? [],
  };
}

/** Makes or replaces a provider. */
export function putProvider(provider: ProviderRow): Statement {
  return {
    sql: `INSERT OR REPLACE INTO oidc_providers (account_id, url, created_ms, client_ids, thumbprints, tags)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6)`,
    values: [
      provider.accountId,
      provider.url,
      provider.createdMs,
      JSON.stringify(provider.clientIds),
      JSON.stringify(provider.thumbprints),
      jsonOrNull(provider.tags.length === 0 ? null : provider.tags),
    ],
  };
}

export function deleteProvider(accountId: string, url: string): Statement {
  return { sql: "DELETE FROM oidc_providers WHERE account_id = ?1 AND url = ?2", values: [accountId, url] };
}

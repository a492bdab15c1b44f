import type { Database, Statement } from "../database.ts";

/** How much of each an account or a key may do in a second. Null: as much as it likes. */
export interface RateLimit {
  requestsPerSecond: number | null;
  bytesInPerSecond: number | null;
  bytesOutPerSecond: number | null;
}

export interface RateLimitRow extends RateLimit {
  accountId: string;
  /** Null: of all the account's keys together. */
  accessKeyId: string | null;
}

/** SQL for the limits of an account or a key as JSON, or null. Both are SQL. */
export function rateLimitJson(accountId: string, accessKeyId: string): string {
  return `(SELECT json_object('requestsPerSecond', requests_per_second, 'bytesInPerSecond', bytes_in_per_second,
    'bytesOutPerSecond', bytes_out_per_second) FROM rate_limits r WHERE r.account_id = ${accountId} AND r.access_key_id = ${accessKeyId})`;
}

/** Each method is one round trip. */
export class RateLimitTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** A page, ordered by account and key, after `after`. */
  async list(after: { accountId: string; accessKeyId: string }, limit: number): Promise<RateLimitRow[]> {
    const rows = await this.#database.all<RateLimitRow & { accessKeyId: string }>(
      `SELECT account_id AS "accountId", access_key_id AS "accessKeyId", requests_per_second AS "requestsPerSecond",
         bytes_in_per_second AS "bytesInPerSecond", bytes_out_per_second AS "bytesOutPerSecond"
       FROM rate_limits WHERE (account_id, access_key_id) > (?1, ?2) ORDER BY account_id, access_key_id LIMIT ?3`,
      after.accountId,
      after.accessKeyId,
      limit,
    );
    return rows.map((row) => ({ ...row, accessKeyId: row.accessKeyId === "" ? null : row.accessKeyId }));
  }

  /** As `setRateLimit` of an account, in a database that has some of its buckets and not the account itself. */
  async copy(accountId: string, limit: RateLimit | null): Promise<void> {
    await this.#database.batch([setRateLimit({ accountId, accessKeyId: null }, limit)]);
  }
}

/** Sets the limits of an account or a key, or takes them away (null). A change of its account: `accounts.change` applies it. */
export function setRateLimit(
  { accountId, accessKeyId }: { accountId: string; accessKeyId: string | null },
  limit: RateLimit | null,
): Statement {
  const key = accessKeyId ?? "";
  if (limit === null) {
    return { sql: "DELETE FROM rate_limits WHERE account_id = ?1 AND access_key_id = ?2", values: [accountId, key] };
  }
  const { requestsPerSecond, bytesInPerSecond, bytesOutPerSecond } = limit;
  return {
    sql: `INSERT OR REPLACE INTO rate_limits (account_id, access_key_id, requests_per_second, bytes_in_per_second, bytes_out_per_second)
          VALUES (?1, ?2, ?3, ?4, ?5)`,
    values: [accountId, key, requestsPerSecond, bytesInPerSecond, bytesOutPerSecond],
  };
}

import type { Database } from "../database.ts";

export interface CertificateRow {
  /** 32 hex digits; part of its URL. */
  readonly id: string;
  /** PEM. */
  readonly certificate: string;
  /** PKCS #8, sealed for the id. */
  readonly sealedKey: string;
  readonly notAfterMs: number;
}

const COLUMNS = `id, certificate, sealed_key AS "sealedKey", not_after_ms AS "notAfterMs"`;

/** Certificates that messages of topics are signed with. All are kept: messages name theirs. Each method is one round trip. */
export class SigningCertificateTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The one that is good for longest. */
  async newest(): Promise<CertificateRow | null> {
    const sql = `SELECT ${COLUMNS} FROM signing_certificates ORDER BY not_after_ms DESC, id LIMIT 1`;
    return (await this.#database.all<CertificateRow>(sql))[0] ?? null;
  }

  /** PEM text. */
  async find(id: string): Promise<string | null> {
    const sql = "SELECT certificate FROM signing_certificates WHERE id = ?1";
    return (await this.#database.all<{ certificate: string }>(sql, id))[0]?.certificate ?? null;
  }

  /** Adds one unless there is one that is good for longer than until `enoughMs`: of several that are made at once, one is kept. */
  async add({ id, certificate, sealedKey, notAfterMs }: CertificateRow, enoughMs: number): Promise<void> {
    await this.#database.all(
      `INSERT INTO signing_certificates (id, certificate, sealed_key, not_after_ms) SELECT ?1, ?2, ?3, ?4
       WHERE NOT EXISTS (SELECT 1 FROM signing_certificates WHERE not_after_ms > ?5)`,
      ...[id, certificate, sealedKey, notAfterMs, enoughMs],
    );
  }
}

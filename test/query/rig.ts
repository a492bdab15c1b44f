import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { RequestCaller } from "../../src/auth/caller.ts";
import { parsePolicy } from "../../src/auth/policy/parse.ts";
import { type Account, firstAccount, rootOf } from "../../src/auth/principal.ts";
import { Metadata } from "../../src/metadata/metadata.ts";
import { SqliteD1 } from "../support/sqlite-d1.ts";

const MIGRATIONS = join(import.meta.dirname, "../../migrations");
const schema = readdirSync(MIGRATIONS)
  .filter((name) => name.endsWith(".sql"))
  .sort()
  .map((name) => readFileSync(join(MIGRATIONS, name), "utf8"));

export interface NewRow {
  bucketId: number;
  key: string;
  size?: number;
  etag?: string;
  modifiedMs?: number;
  storageClass?: string;
  tags?: Record<string, string> | undefined;
  user?: Record<string, string>;
  contentType?: string | undefined;
  /** Form of its encryption, with a checksum. */
  encryption?: string;
}

/** The metadata in SQLite, with rows put in by hand. */
export class QueryRig {
  readonly d1 = new SqliteD1(schema);
  readonly metadata = new Metadata(this.d1 as unknown as D1Database);

  bucket(id: number, name: string, access: object | null = null): void {
    const insert = `INSERT INTO buckets (id, name, owner, region, created_ms, access, access_id) VALUES (?, ?, ?, 'us-east-1', 0, ?, ?)`;
    const settings = access && JSON.stringify(access);
    this.d1.database.prepare(insert).run(id, name, firstAccount.canonicalId, settings, settings && `access-${id}`);
  }

  objects(rows: readonly NewRow[]): void {
    const insert = this.d1.database.prepare(
      `INSERT INTO objects (bucket_id, key, id, seq, is_null, size_bytes, etag, modified_ms, storage_class, tags, attributes, checksum)
       VALUES (?, ?, '01ARZ3NDEKTSV4RRFFQ69G5FAV', 1, 1, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.d1.database.exec("BEGIN");
    for (const row of rows) {
      const { size = 1, etag = "e", modifiedMs = 1_700_000_000_000, storageClass = "STANDARD", tags, user = {} } = row;
      const system = row.contentType === undefined ? {} : { contentType: row.contentType };
      const listed = tags && JSON.stringify(Object.entries(tags));
      const { encryption } = row;
      const attributes = JSON.stringify({ system, user, ...(encryption && { encryption: { form: encryption } }) });
      const checksum = encryption
        ? JSON.stringify({ algorithm: "crc32", type: "full-object", value: "AAAAAA==" })
        : null;
      insert.run(row.bucketId, row.key, size, etag, modifiedMs, storageClass, listed ?? null, attributes, checksum);
    }
    this.d1.database.exec("COMMIT");
  }
}

const facts = { context: () => undefined, now: () => Date.UTC(2026, 10, 29) };

/** A user of the first account with one policy. */
export function userWith(statements: readonly object[], name = "bob"): RequestCaller {
  const text = JSON.stringify({ Version: "2012-10-17", Statement: statements });
  const parsed = parsePolicy(text, { kind: "identity" });
  if (!parsed.ok) throw new Error(`${text}: ${JSON.stringify(parsed.failure)}`);
  const { accountId, canonicalId } = firstAccount;
  const arn = `arn:aws:iam::${accountId}:user/${name}`;
  const principal = { kind: "user" as const, arn, accountId, canonicalId, name, uniqueId: "AIDAEXAMPLE" };
  return new RequestCaller({
    identity: { principal, identityPolicies: [{ name: "p", policy: parsed.policy }] },
    accessKeyId: "k",
    facts,
  });
}

export function rootCaller(account: Account = firstAccount): RequestCaller {
  return new RequestCaller({ identity: { principal: rootOf(account), identityPolicies: [] }, accessKeyId: "k", facts });
}

import type { AccessGuard } from "./access-guard.ts";
import { Database, GuardError, MetadataUnavailable, type Statement, type TableRows } from "./database.ts";
import { readEpoch, requireEpoch } from "./identities/accounts.ts";

/** How often in a row one batch may find that the caller's access has changed. */
const RENEWALS_MAX = 5;

/**
 * A database as one caller sees it, whose access may be taken away at any time (see `AccessGuard`). Costs no round trip more in the
 * first database, where the epoch lies: a batch that only reads reads it too, any other fails with access_changed unless
 * it still holds. Another database reads beside the first; before it writes it asks the first.
 *
 * Throws as `Database.batch`, and whatever `AccessGuard.renew` throws; nothing of the batch is applied then.
 */
export class GuardedDatabase extends Database {
  readonly #inner: Database;
  readonly #guard: AccessGuard;
  readonly #first: Database | null;

  /** `first`: where the epoch lies; null if `inner` is it. */
  constructor(inner: Database, guard: AccessGuard, first: Database | null) {
    super();
    this.#inner = inner;
    this.#guard = guard;
    this.#first = first;
  }

  override get sizeBytes(): number {
    return this.#inner.sizeBytes;
  }

  override async batch<Rows extends unknown[]>(
    statements: readonly Statement[],
  ): Promise<{ [N in keyof Rows]: Rows[N][] }> {
    for (let renewals = 0; renewals < RENEWALS_MAX; renewals++) {
      const epoch = this.#guard.epoch();
      if (epoch === null) return this.#inner.batch<Rows>(statements);
      try {
        const results = await this.#ask(statements, epoch);
        this.#guard.confirm();
        return results as { [N in keyof Rows]: Rows[N][] };
      } catch (error) {
        if (!(error instanceof GuardError) || error.guard !== "access_changed") throw error;
        await this.#guard.renew();
        // It is not this caller's epoch that has changed: the batch guards another one itself.
        if (this.#guard.epoch() === epoch) throw error;
      }
    }
    throw new MetadataUnavailable("the caller's access changes all the time");
  }

  /** Not guarded: whoever runs a query has made sure of the caller's access right before. */
  override table(sql: string, ...values: (string | number | null)[]): Promise<TableRows> {
    return this.#inner.table(sql, ...values);
  }

  #ask(statements: readonly Statement[], epoch: number): Promise<unknown[][]> {
    const isRead = statements.every(({ sql }) => /^\s*(SELECT|WITH)\b/i.test(sql));
    if (this.#first !== null) return this.#askBeside(this.#first, { statements, isRead, epoch });
    return isRead ? this.#read(statements, epoch) : this.#write(statements, epoch);
  }

  async #read(statements: readonly Statement[], epoch: number): Promise<unknown[][]> {
    const results = await this.#inner.batch<unknown[]>([...statements, readEpoch(this.#guard.accountId)]);
    requireSame(results.pop(), epoch);
    return results;
  }

  async #write(statements: readonly Statement[], epoch: number): Promise<unknown[][]> {
    const required = requireEpoch(this.#guard.accountId, epoch);
    return (await this.#inner.batch<unknown[]>([required, ...statements])).slice(1);
  }

  /** A read asks both databases at once. A commit cannot be guarded by another database: it follows the answer of the first. */
  async #askBeside(
    first: Database,
    { statements, isRead, epoch }: { statements: readonly Statement[]; isRead: boolean; epoch: number },
  ): Promise<unknown[][]> {
    const asking = first.batch<unknown[]>([readEpoch(this.#guard.accountId)]);
    if (!isRead) requireSame((await asking)[0], epoch);
    const [[rows], results] = await Promise.all([asking, this.#inner.batch<unknown[]>(statements)]);
    requireSame(rows, epoch);
    return results;
  }
}

/** Throws `GuardError` access_changed unless the row that `readEpoch` gave has this epoch. */
function requireSame(rows: unknown, epoch: number): void {
  const [row] = rows as { epoch: number }[];
  if (row?.epoch !== epoch) throw new GuardError("access_changed");
}

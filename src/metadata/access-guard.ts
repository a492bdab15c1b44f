/**
 * What an isolate remembers of an account, and how it learns that this is no longer so. Every change of IAM in an account raises
 * the account's access epoch in the same batch. A batch on behalf of a caller finds out whether the epoch is still the one that
 * the caller's identity was read with: a batch that only reads does so beside its own statements, one that writes fails with
 * the guard `access_changed`.
 */
export interface AccessGuard {
  /** The caller's account. */
  readonly accountId: string;
  /** The epoch that what is remembered was read with. Null: nothing is remembered, so batches need not find out. */
  epoch(): number | null;
  /** A batch has found this epoch: what is remembered holds. */
  confirm(): void;
  /**
   * Reads the identity again and decides again all that was allowed so far. Called if a batch found another epoch; nothing of
   * the batch was applied or given to anybody. The batch is tried again afterwards. Throws what the caller is to be answered:
   * `AccessRefused`, or that the key is no longer valid.
   */
  renew(): Promise<void>;
}

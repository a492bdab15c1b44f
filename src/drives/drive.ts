/**
 * The one port to a place that stores shards. Guarantees of a drive:
 *
 * - A key is written once. Keys are unguessable (they begin with a blob id), so no two writers use
 *   the same one.
 * - `put` is atomic: before `close` is called nothing is visible under the key. After it resolves,
 *   every later `get` sees exactly the `sizeBytes` bytes written (a KV namespace may answer
 *   "absent" for about a minute elsewhere: see `settleMs`). If `close` fails the outcome is
 *   unknown: the key has the complete shard or nothing, never a part of it.
 * - A writer that is aborted before `close`, or closed before `sizeBytes` bytes were written,
 *   stores nothing.
 * - `get` of an absent key is null, never an error. A range is answered exactly: if a drive sends
 *   other bytes than those requested (a whole file for a range, a short body), the read fails
 *   rather than return them.
 * - `delete` of absent keys succeeds.
 * - Failures are `DriveError`s; nothing else is thrown.
 *
 * Drives do not inspect their contents: the frames' checks prove that bytes are the ones that were
 * written.
 */
export interface Drive extends DriveTraits {
  /**
   * How long after a write the drive may wrongly answer "absent": 0 if reads are strongly
   * consistent.
   */
  readonly settleMs: number;
  /**
   * Begins a shard of exactly `sizeBytes`. Does not wait: failures come from the writer's methods.
   */
  put(key: string, sizeBytes: number): ShardWriter;
  /**
   * Opens a range (or the whole shard), or null if the key is absent. A range that is not inside
   * the shard is a `short` error, here or from the first read.
   */
  get(key: string, range?: ByteRange, how?: GetOptions): Promise<ShardReader | null>;
  /** Size of the shard, or null if the key is absent. Reads no data. */
  head(key: string): Promise<{ sizeBytes: number } | null>;
  /** Deletes up to 1,000 keys. If it fails, some of them may be gone. */
  delete(keys: readonly string[]): Promise<void>;
  /**
   * One page of keys in ascending order, which is order of age, after `cursor`. A page may have
   * fewer than `limit` keys, even none, and still have a cursor: a drive limits its work for one
   * page.
   */
  list(options: ListOptions): Promise<ShardPage>;
}

/** The configuration of a drive. */
export interface DriveTraits {
  /** Name in the configuration; recorded with each shard, so its meaning never changes. */
  readonly name: string;
  /** Failure domain: two shards of a blob share a domain only if there are too few domains. */
  readonly domain: string;
  /** Largest shard that it accepts. */
  readonly shardBytesMax: number;
  /**
   * The blobs that it accepts: `small` ones (1+2 copies, packs excluded), `large` ones, or `both`.
   */
  readonly class: DriveClass;
  /**
   * Whether it is to be emptied: it accepts no new shards, and its shards are moved to other
   * drives. Absent: false.
   */
  readonly draining?: boolean;
  /** Time limit of one read or write. The other limits are multiples of it. Absent: 15. */
  readonly timeoutSeconds?: number;
}

export type DriveClass = "small" | "large" | "both";

export interface GetOptions {
  /**
   * Nothing else can serve: the drive is asked once even if it kept failing (see `circuit-open`).
   */
  isLastResort?: boolean;
}

/** At least one byte. */
export interface ByteRange {
  offset: number;
  length: number;
}

/** One shard being written. Calls come one at a time, except `abort`, which may come at any moment. */
export interface ShardWriter {
  /** Resolves when the caller may reuse `bytes`: they were taken, not necessarily stored. */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when the drive has acknowledged the whole shard. */
  close(): Promise<void>;
  /**
   * Aborts. Nothing is stored, unless `close` was called before. Never throws. When it resolves, no
   * memory from `write` is referenced any more.
   */
  abort(): Promise<void>;
}

/** One range being read, in order. */
export interface ShardReader {
  /**
   * The next `length` bytes exactly, in memory that belongs to the caller; a `DriveError` if fewer
   * are left. The caller gives up the memory of `spare` permanently: a drive may use it for these
   * bytes, which saves the page faults of new memory.
   */
  read(length: number, spare?: ArrayBufferLike): Promise<Uint8Array>;
  /** Stops reading and frees the connection. Never throws. */
  cancel(): Promise<void>;
}

export interface ListOptions {
  /**
   * The cursor of the previous page, unchanged. Deleting keys around it does no harm. If a drive no
   * longer knows it, the call is `refused`: begin again.
   */
  cursor?: string;
  /** 1 to 1,000. */
  limit: number;
  /** Only keys with this prefix. It must be the same for all pages that a cursor leads to. */
  prefix?: string;
}

export interface ShardPage {
  shards: { key: string; sizeBytes: number }[];
  /** Present if there may be more. */
  cursor?: string;
}

/** Why a drive call failed. */
export type DriveFault =
  /** No answer, or one that broke off. */
  | "unreachable"
  /** The answer took too long. */
  | "timeout"
  /** The drive asks for fewer calls. */
  | "throttled"
  /**
   * The drive refuses permanently, or did something unexpected: permissions, names, a wrong answer;
   * or a misuse of the port.
   */
  | "refused"
  /** Too few bytes: a shard that was read is damaged, or the writer of a shard ended early. */
  | "short"
  /** No space for the shard. */
  | "full"
  /** Not asked, because it kept failing. */
  | "circuit-open"
  /** Anything else, such as an internal error of the drive. */
  | "unknown";

/** The only error that drives throw. Its message names the drive and the call, never a secret. */
export class DriveError extends Error {
  readonly drive: string;
  readonly fault: DriveFault;

  constructor(drive: string, fault: DriveFault, message: string, options?: { cause?: unknown }) {
    super(`drive ${drive}: ${message}`, options);
    this.name = "DriveError";
    this.drive = drive;
    this.fault = fault;
  }

  /** Whether the same call may succeed soon. */
  get retryable(): boolean {
    return this.fault !== "refused" && this.fault !== "full" && this.fault !== "short";
  }
}

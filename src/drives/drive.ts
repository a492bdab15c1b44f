/**
 * The one port to a place that keeps shards. What a drive promises:
 *
 * - A key is written once. Keys are unguessable (they begin with a blob id), so no two writers meet on one.
 * - `put` is atomic: before `close` is called nothing is visible under the key; after it resolves, every later `get` sees
 *   exactly the `sizeBytes` bytes written (a KV namespace may answer "absent" for about a minute elsewhere: see `settleMs`).
 *   Where `close` fails the outcome is unknown: the key holds the whole shard or nothing, and never a part of it.
 * - A writer that is aborted before `close`, or closed before `sizeBytes` bytes were written, stores nothing.
 * - `get` of an absent key is null, never an error. A range is answered exactly: a drive that gives other bytes than those
 *   asked for (a whole file for a range, a short body) fails the read rather than return them.
 * - `delete` of absent keys succeeds.
 * - Failures are `DriveError`s; nothing else is thrown.
 *
 * Drives do not look into what they keep: whether the bytes are the ones that were written is the frames' business.
 */
export interface Drive extends DriveTraits {
  /** How long after a write an absent answer may be untrue: 0 where reads are strongly consistent. */
  readonly settleMs: number;
  /** Begins a shard of exactly `sizeBytes`. Does not wait: failures come from the writer's methods. */
  put(key: string, sizeBytes: number): ShardWriter;
  /**
   * Opens a range (or the whole shard), or null where the key is absent. A range that does not lie inside the shard is a
   * `short` error, here or from the first read.
   */
  get(key: string, range?: ByteRange, how?: GetOptions): Promise<ShardReader | null>;
  /** Size of the shard, or null where the key is absent. Reads no data. */
  head(key: string): Promise<{ sizeBytes: number } | null>;
  /** Deletes up to 1,000 keys. Where it fails, some of them may be gone. */
  delete(keys: readonly string[]): Promise<void>;
  /**
   * One page of keys in ascending order, which is order of age, after `cursor`. A page may hold fewer than `limit` keys, even
   * none, and still have a cursor: a drive bounds the work that it does for one page.
   */
  list(options: ListOptions): Promise<ShardPage>;
}

/** What configuration says of a drive. */
export interface DriveTraits {
  /** Name in the configuration; recorded with each shard, so it never changes its meaning. */
  readonly name: string;
  /** What fails together: two shards of a blob share a domain only where there are too few domains. */
  readonly domain: string;
  /** Largest shard that it takes. */
  readonly shardBytesMax: number;
  /** Which blobs it takes: `small` ones (1+2 copies, packs excluded), `large` ones, or `both`. */
  readonly class: DriveClass;
  /** It is to be emptied: it takes no new shards, and those that it has are moved to other drives. Absent: false. */
  readonly draining?: boolean;
  /** How long one read or write may take before it counts as failed. The other limits are multiples of it. Absent: 15. */
  readonly timeoutSeconds?: number;
}

export type DriveClass = "small" | "large" | "both";

export interface GetOptions {
  /** Nothing else can serve: the drive is asked once even if it kept failing (see `circuit-open`). */
  isLastResort?: boolean;
}

/** At least one byte. */
export interface ByteRange {
  offset: number;
  length: number;
}

/** One shard being written. Calls come one at a time, except `abort`, which may come at any moment. */
export interface ShardWriter {
  /** Resolves when `bytes` may be reused by the caller: they were taken, not necessarily stored. */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when the drive has acknowledged the whole shard. */
  close(): Promise<void>;
  /**
   * Gives up. Nothing is stored, unless `close` was called before. Never throws. When it resolves, no memory that was given to
   * `write` is referred to any more.
   */
  abort(): Promise<void>;
}

/** One range being read, in order. */
export interface ShardReader {
  /**
   * The next `length` bytes exactly, in memory that belongs to the caller; a `DriveError` where fewer are left. `spare` is
   * memory that the caller gives up for good: a drive may use it for these bytes, which saves the page faults of fresh memory.
   */
  read(length: number, spare?: ArrayBufferLike): Promise<Uint8Array>;
  /** Stops reading and frees the connection. Never throws. */
  cancel(): Promise<void>;
}

export interface ListOptions {
  /**
   * The cursor of the page before, as it came. Deleting keys around it does not harm it. Should a drive no longer know it, the
   * call is `refused`: begin again.
   */
  cursor?: string;
  /** 1 to 1,000. */
  limit: number;
  /** Only keys that begin so. It must be the same for all pages that a cursor leads to. */
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
  /** The drive will not do it, now or later, or did something else: rights, names, a wrong answer; or a misuse of the port. */
  | "refused"
  /** Fewer bytes than there should be: of a shard read, which is damaged then, or of one written, whose writer ended early. */
  | "short"
  /** No room for the shard. */
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

import { StoreError } from "../src/store/failure.ts";
import type { IncomingBody } from "../src/store/types.ts";
import type { Host } from "./listeners.ts";
import { type Change, type Oracle, Violation } from "./oracle.ts";
import type { Versions } from "./versions.ts";
import type { World } from "./world.ts";

/**
 * `plain` never had versions; `versioned` always has; the versioning of `suspending` is enabled and
 * suspended all the time; `locked` has object lock. Half of all operations use the first.
 */
export const BUCKETS = ["plain", "versioned", "suspending", "locked"] as const;
/** Written all the time, and mostly only read. */
export const HOT_KEYS = ["a", "b", "dir/c", "dir/d"];
export const COLD_KEYS = Array.from({ length: 24 }, (_, at) => `cold/${at % 3}/${at}`);
export const KEYS = [...HOT_KEYS, ...COLD_KEYS];
/** Inline, three copies, one stripe and several. */
const SIZES = [0, 1, 60, 190, 300, 700, 900, 3_000, 9_000];
export const NO_ATTRIBUTES = { system: {}, user: {} };

/** The operation's process crashed: nobody knows what became of it. */
export const CRASHED = Symbol("crashed");

/** Parts that every operation uses. */
export interface Operation {
  world: World;
  oracle: Oracle;
  versions: Versions;
  host: Host;
  bucket: string;
  key: string;
}

/** Outcome of a change, as far as its client knows. */
export type Outcome = "done" | "refused" | "unknown";

export function pickBucket({ random }: World): string {
  return random.chance(0.5) ? "plain" : random.pick(BUCKETS);
}

/** The oracle's name for the key of an operation, or for another key of its bucket. */
export function named({ bucket, key }: Operation, other = key): string {
  return `${bucket}/${other}`;
}

/** A body unlike every other one. */
export function newBody({ world, oracle }: Operation): { bytes: Uint8Array; etag: string } {
  const bytes = world.random.bytes(8 + world.random.pick(SIZES));
  return { bytes, etag: oracle.body(bytes) };
}

/** A class with another geometry now and then. */
export function pickClass({ world }: Operation): string {
  return world.random.chance(0.9) ? "STANDARD" : "REDUCED_REDUNDANCY";
}

export function incoming(bytes: Uint8Array): IncomingBody {
  let at = 0;
  return {
    sizeBytes: bytes.length,
    digests: [],
    async next() {
      if (at >= bytes.length) return null;
      const piece = bytes.slice(at, at + 1_024);
      at += piece.length;
      return piece;
    },
    verify: () => null,
  };
}

/** The work, unless its process crashes first. */
export function survived<T>({ host }: Operation, work: Promise<T>): Promise<T | typeof CRASHED> {
  return Promise.race([work, host.process.crashed.then((): typeof CRASHED => CRASHED)]);
}

/**
 * A refusal that a client may meet while drives and database fail. Any other is a bug, unless
 * `expected` says it is right.
 */
export function refusal(error: unknown, expected: readonly string[] = []): string {
  if (!(error instanceof StoreError)) throw error;
  const { kind } = error.failure;
  const allowed = ["drives-unavailable", "metadata-unavailable", "conflict", ...expected];
  if (!allowed.includes(kind)) {
    throw new Violation(`unexpected failure ${JSON.stringify(error.failure)}`, { cause: error });
  }
  return kind;
}

/** If the database did not answer, the commit may have happened. */
export function outcomeOf(refused: string): Outcome {
  return refused === "metadata-unavailable" ? "unknown" : "refused";
}

interface ChangeOptions {
  /** Refusals besides those that faults bring. */
  expected?: readonly string[];
  /** The model of what is changed. */
  oracle?: Oracle;
}

/**
 * Runs a change and tells the oracle its outcome. Returns its result, or the refusal, or null after
 * a crash.
 */
export async function change<T>(
  operation: Operation,
  made: Change | readonly Change[],
  work: () => Promise<T>,
  { expected = [], oracle = operation.oracle }: ChangeOptions = {},
): Promise<{ result: T } | { refused: string } | null> {
  const changes = Array.isArray(made) ? made : [made as Change];
  const all = (outcome: Outcome) => {
    for (const one of changes) oracle.end(one, outcome);
  };
  try {
    const result = await survived(operation, work());
    all(result === CRASHED ? "unknown" : "done");
    return result === CRASHED ? null : { result };
  } catch (error) {
    const refused = refusal(error, expected);
    all(outcomeOf(refused));
    operation.world.count(`answered ${refused}`);
    return { refused };
  }
}

/** Runs a read; a missing object is checked like any other result. */
export async function reading(operation: Operation, beganAt: number, read: () => Promise<void>): Promise<void> {
  try {
    await survived(operation, read());
  } catch (error) {
    if (error instanceof Violation) throw error;
    const kind = refusal(error, ["no-such-key"]);
    if (kind === "no-such-key") operation.oracle.checkRead(named(operation), null, beganAt);
    else operation.world.count(`answered ${kind}`);
  }
}

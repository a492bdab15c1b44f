import type { Clock } from "../base/clock.ts";
import { decorate, decorateReader } from "./decorate.ts";
import { type Drive, DriveError, type DriveFault, type ShardReader, type ShardWriter } from "./drive.ts";
import { refusedWriter } from "./refused-writer.ts";

export interface CircuitBreakerOptions {
  clock: Clock;
  /** This many failures without a success between them open the circuit. */
  failuresMax: number;
  /**
   * How long it stays open. Then one call at a time is let through as a test, each for the same
   * time.
   */
  openMs: number;
}

/** Faults of the drive rather than of this call or shard. A refusal costs no time. */
const TROUBLE: ReadonlySet<DriveFault> = new Set(["unreachable", "timeout", "throttled", "unknown"]);

/**
 * Fails at once, with the fault `circuit-open`, while the drive keeps failing, so that nobody waits
 * for it. The exception is a read that nothing else can serve. The state belongs to this instance:
 * one per isolate.
 */
export function withCircuitBreaker(drive: Drive, options: CircuitBreakerOptions): Drive {
  const circuit = new Circuit(drive.name, options);
  return decorate(drive, {
    put: (key, sizeBytes) => {
      const refusal = circuit.enter();
      return refusal ? refusedWriter(refusal) : observedWriter(circuit, drive.put(key, sizeBytes));
    },
    get: async (key, range, how) => {
      const run = () => drive.get(key, range);
      // Asked although it is open: the past must not refuse what the drive can do now.
      const reader = how?.isLastResort
        ? await circuit.watch(run())
        : await circuit.call(run, { answerIsSuccess: false });
      if (reader) return observedReader(circuit, reader);
      circuit.succeeded();
      return null;
    },
    head: (key) => circuit.call(() => drive.head(key)),
    delete: (keys) => circuit.call(() => drive.delete(keys)),
    list: (page) => circuit.call(() => drive.list(page)),
  });
}

class Circuit {
  readonly #drive: string;
  readonly #options: CircuitBreakerOptions;
  #failures = 0;
  #closedAgainMs = 0;

  constructor(drive: string, options: CircuitBreakerOptions) {
    this.#drive = drive;
    this.#options = options;
  }

  /** Null if the call may be made. */
  enter(): DriveError | null {
    const { clock, failuresMax, openMs } = this.#options;
    if (this.#failures < failuresMax) return null;
    const nowMs = clock.now();
    if (nowMs < this.#closedAgainMs) {
      return new DriveError(this.#drive, "circuit-open", `not asked, after ${this.#failures} failures in a row`);
    }
    // This call is the test. If it never ends, because its request was cancelled, the next test
    // comes after the same time.
    this.#closedAgainMs = nowMs + openMs;
    return null;
  }

  async call<T>(run: () => Promise<T>, { answerIsSuccess } = { answerIsSuccess: true }): Promise<T> {
    const refusal = this.enter();
    if (refusal) throw refusal;
    const answer = await this.watch(run());
    if (answerIsSuccess) this.succeeded();
    return answer;
  }

  /** Counts a failure of `work`. */
  async watch<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof DriveError && TROUBLE.has(error.fault)) this.#failed();
      throw error;
    }
  }

  succeeded(): void {
    this.#failures = 0;
  }

  #failed(): void {
    const { clock, openMs } = this.#options;
    this.#failures += 1;
    this.#closedAgainMs = clock.now() + openMs;
  }
}

/**
 * Success is an acknowledged shard: a drive may accept bytes and never store them. A writer's
 * failure counts once.
 */
function observedWriter(circuit: Circuit, writer: ShardWriter): ShardWriter {
  let isOver = false;
  const watch = async (work: Promise<void>) => {
    if (isOver) return work;
    try {
      await circuit.watch(work);
    } catch (error) {
      isOver = true;
      throw error;
    }
  };
  return {
    write: (bytes) => watch(writer.write(bytes)),
    close: async () => {
      await watch(writer.close());
      circuit.succeeded();
    },
    abort: () => {
      isOver = true;
      return writer.abort();
    },
  };
}

/** Success is a frame that came: a drive may answer and never send the body. */
function observedReader(circuit: Circuit, reader: ShardReader): ShardReader {
  return decorateReader(reader, {
    read: async (length, spare) => {
      const bytes = await circuit.watch(reader.read(length, spare));
      circuit.succeeded();
      return bytes;
    },
  });
}
